// siglongjmp(3), setcontext(2), swapcontext: libc restores the signal mask by itself; here the
// thread, whose mask it is, takes note first.
#include <setjmp.h>
#include <ucontext.h>

#include <csignal>

#include "arch/landing.h"
#include "base/compiler.h"
#include "os/real.h"
#include "os/signal_mask.h"
#include "sched/critical.h"
#include "thread/signals.h"

namespace {

void expect_mask(const sigset_t& set)
{
    lt::Thread* self = lt::current_thread;
    if (self != nullptr && !self->has(lt::kFlagIdle)) {
        lt::adopt_mask(*self, lt::allowed_mask(lt::os::to_mask(set)));
    }
}

void expect_jump(const __jmp_buf_tag* environment)
{
    lt::Thread* self = lt::current_thread;
    // relaxed: its own depth. Left from a fault in a function of the library: nothing of the
    // program runs there otherwise.
    if (self != nullptr && self->critical.load(lt::memory_order_relaxed) != 0) {
        self->critical.store(0, lt::memory_order_relaxed);  // relaxed: as above
    }
    // A jump out of the outermost handler of the program.
    if (self != nullptr && lt::arch::jump_stack(environment->__jmpbuf) > self->handler_frame) {
        self->handler_frame = 0;
    }
    if (environment->__mask_was_saved != 0) {
        sigset_t mask;
        lt::os::from_mask(environment->__saved_mask.__val[0], mask);
        expect_mask(mask);
    }
}

}  // namespace

LT_EXPORT __attribute__((noreturn)) void siglongjmp(sigjmp_buf environment, int value)
{
    expect_jump(environment);
    lt::os::real_siglongjmp(environment, value);
}

// Of a buffer filled by setjmp, which saves no mask, or by BSD's.
LT_EXPORT __attribute__((noreturn)) void longjmp(jmp_buf environment, int value)
{
    expect_jump(environment);
    lt::os::real_siglongjmp(environment, value);
}

LT_EXPORT __attribute__((noreturn)) void _longjmp(jmp_buf environment,
                                                  int value)  // NOLINT: libc's name
{
    expect_jump(environment);
    lt::os::real_siglongjmp(environment, value);
}

// What the above are with _FORTIFY_SOURCE. Its check is of one stack; threads have others.
LT_EXPORT __attribute__((noreturn)) void __longjmp_chk(jmp_buf environment,
                                                       int value)  // NOLINT: libc's name
{
    expect_jump(environment);
    lt::os::real_siglongjmp(environment, value);
}

LT_EXPORT int setcontext(const ucontext_t* context) noexcept
{
    expect_mask(context->uc_sigmask);
    return lt::os::real().setcontext(context);
}

LT_EXPORT int swapcontext(ucontext_t* save, const ucontext_t* context) noexcept
{
    // libc saves the kernel's mask, which must be the old one until then.
    lt::Thread* self = lt::current_thread;
    if (self != nullptr && !self->has(lt::kFlagIdle)) {
        lt::expect_kernel_mask(*self, lt::allowed_mask(lt::os::to_mask(context->uc_sigmask)));
    }
    return lt::os::real().swapcontext(save, context);
}

LT_ALIAS(_setcontext, setcontext);
