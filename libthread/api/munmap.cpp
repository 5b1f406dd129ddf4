// munmap(2): a held robust mutex that goes with its memory passes to the next locker.
#include <sys/mman.h>

#include <cerrno>

#include "base/compiler.h"
#include "os/syscall.h"
#include "sched/critical.h"
#include "sync/robust_shared.h"

LT_EXPORT int munmap(void* address, std::size_t size) noexcept
{
    const bool aligned = reinterpret_cast<std::uintptr_t>(address) % lt::kPageSize == 0;
    if (LT_UNLIKELY(lt::holds_robust_shared()) && aligned && size != 0) {
        const lt::CriticalRegion region{lt::current()};
        lt::abandon_robust_in(address, lt::round_up(size, lt::kPageSize));
    }
    const long result =
        lt::os::raw_syscall(SYS_munmap, lt::os::syscall_argument(address), static_cast<long>(size));
    if (result < 0) {
        errno = static_cast<int>(-result);
        return -1;
    }
    return 0;
}
