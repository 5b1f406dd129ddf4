// munmap(2), shmdt(2): a held robust mutex that goes with its memory passes to the next locker.
#include <sys/mman.h>
#include <sys/shm.h>

#include <cerrno>

#include "base/compiler.h"
#include "os/syscall.h"
#include "os/system_v.h"
#include "sched/critical.h"
#include "sync/robust_shared.h"

namespace {

void abandon(const void* address, std::size_t size)
{
    const lt::CriticalRegion region{lt::current()};
    lt::abandon_robust_in(address, size);
}

int result_of(long call)
{
    if (call < 0) {
        errno = static_cast<int>(-call);
        return -1;
    }
    return 0;
}

}  // namespace

LT_EXPORT int munmap(void* address, std::size_t size) noexcept
{
    const bool aligned = reinterpret_cast<std::uintptr_t>(address) % lt::kPageSize == 0;
    if (LT_UNLIKELY(lt::holds_robust_shared()) && aligned && size != 0) {
        abandon(address, lt::round_up(size, lt::kPageSize));
    }
    return result_of(lt::os::raw_syscall(SYS_munmap, lt::os::syscall_argument(address),
                                         static_cast<long>(size)));
}

LT_EXPORT int shmdt(const void* address) noexcept
{
    if (LT_UNLIKELY(lt::holds_robust_shared())) {
        abandon(address, lt::os::attached_at(address));
    }
    return result_of(lt::os::raw_syscall(SYS_shmdt, lt::os::syscall_argument(address)));
}
