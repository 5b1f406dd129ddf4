// thr_exit of the initial thread.
//
// Its first frame is libc's caller of main, where an unwinding pthread_exit lands and ends the
// kernel task. The leader of the process must not end so, and an unbound thread must not take its
// LWP along. So the landing place that libc left in its jump buffer is replaced by one of ours, on
// the same frame.
#include <pthread.h>

#include <cstdint>

#include "arch/context.h"
#include "arch/landing.h"
#include "os/real.h"
#include "os/signal_mask.h"
#include "thread/life.h"

namespace lt {
void prepare_initial_exit() noexcept
{
    // Registering a buffer shows what was registered before it; the last of the chain is libc's
    // own.
    __pthread_unwind_buf_t probe;
    os::real().register_cancel(&probe);
    auto* buffer = static_cast<__pthread_unwind_buf_t*>(probe.__pad[0]);
    ::__pthread_unregister_cancel(&probe);
    if (buffer == nullptr) {
        return;  // before main(): nothing to land on
    }
    while (buffer->__pad[0] != nullptr) {
        buffer = static_cast<__pthread_unwind_buf_t*>(buffer->__pad[0]);
    }
    arch::redirect_landing(buffer->__cancel_jmp_buf);
}

}  // namespace lt
