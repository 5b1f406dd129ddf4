// Cleanup handlers of C's frames (pthread_cleanup_push, compiled without exceptions).
//
// An end of the thread jumps to the frame, which calls the handler and only then has glibc take it
// off: a handler that ends the thread itself would be called for ever. Solaris takes it off first;
// here, what the jump passes on its way does.
#include <pthread.h>

#include "arch/landing.h"
#include "base/compiler.h"
#include "os/real.h"

namespace {

constexpr int kNext = 0;         // the handler pushed before
constexpr int kDestination = 3;  // a word that glibc has no use for

}  // namespace

LT_EXPORT void __pthread_register_cancel(__pthread_unwind_buf_t* handler)
{
    constexpr std::uintptr_t kNear = 4096;
    lt::os::real().register_cancel(handler);
    // The caller has filled it a few instructions ago, or we do not know what libc writes there.
    auto* jump = static_cast<void*>(handler->__cancel_jmp_buf);
    const auto here = reinterpret_cast<std::uintptr_t>(__builtin_return_address(0));
    if (lt::arch::jump_destination(jump) - here + kNear < 2 * kNear) {
        handler->__pad[kDestination] = reinterpret_cast<void*>(lt::arch::redirect_by_passage(jump));
    }
}

std::uintptr_t arch_passed() noexcept
{
    // Registering one shows which was the newest.
    __pthread_unwind_buf_t probe;
    lt::os::real().register_cancel(&probe);
    auto* handler = static_cast<__pthread_unwind_buf_t*>(probe.__pad[kNext]);
    ::__pthread_unregister_cancel(handler);
    return reinterpret_cast<std::uintptr_t>(handler->__pad[kDestination]);
}
