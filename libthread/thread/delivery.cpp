// A signal sent to an unbound thread is in no kernel queue: an LWP's pending signals would stay
// with the LWP when the thread leaves it. The thread itself calls the handler, as the kernel would:
// with the mask of the handler, on the alternate stack if asked for, and with the context of what
// was interrupted where there is such a thing.
#include "thread/delivery.h"

#include <unistd.h>

#include <cerrno>

#include "arch/context.h"
#include "arch/wait.h"
#include "base/probe.h"
#include "lwp/lwp.h"
#include "os/signal_mask.h"
#include "sched/critical.h"
#include "sched/preemption.h"
#include "sched/settings.h"
#include "thread/children.h"
#include "thread/mask_census.h"
#include "thread/signals.h"

namespace lt {
namespace {

std::uint64_t mask_in_handler(const Thread& self, const Handler& handler, int signal)
{
    const std::uint64_t own = (handler.flags & SA_NODEFER) != 0 ? 0 : os::signal_bit(signal);
    return allowed_mask(self.signal_mask | handler.mask | own);
}

void count_handler(Thread& self, const Handler& handler)
{
    ++self.handlers_run;
    self.handlers_ending_calls += (handler.flags & SA_RESTART) != 0 ? 0 : 1;
}

// While it lives a handler of the program runs below `frame`, and the thread is not preempted.
class HandlerFrame {
  public:
    HandlerFrame(Thread& self, const void* frame) : self_{self}
    {
        const auto here = reinterpret_cast<std::uintptr_t>(frame);
        if (!runs_handler(self, here)) {
            self.handler_frame = here;
            outermost_ = true;
        }
    }
    ~HandlerFrame()
    {
        if (outermost_) {
            self_.handler_frame = 0;
        }
    }
    HandlerFrame(const HandlerFrame&) = delete;
    HandlerFrame& operator=(const HandlerFrame&) = delete;

  private:
    Thread& self_;
    bool outermost_ = false;
};

struct Call {
    const Handler* handler;
    siginfo_t* info;
    ucontext_t* context;
};

void make_call(void* argument)
{
    const Call& call = *static_cast<Call*>(argument);
    call_handler(*call.handler, call.info->si_signo, call.info, call.context);
}

// Whether the handler is to move to the thread's alternate stack.
bool leaves_stack(const Thread& self, const Handler& handler)
{
    const auto here = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
    return (handler.flags & SA_ONSTACK) != 0 && self.alternate_sp != 0 &&
           (here < self.alternate_sp || here >= self.alternate_sp + self.alternate_size);
}

// In a critical region.
void set_mask_inside(Thread& self, std::uint64_t mask)
{
    self.signal_mask = mask;
    if (self.lwp->kernel_mask == mask) {
        return;
    }
    self.lwp->kernel_mask = mask;
    // relaxed: this LWP only. While a signal is deferred all are blocked.
    if (self.lwp->signal_deferred.load(memory_order_relaxed) == 0) {
        os::set_kernel_mask(mask);
    }
}

// ThreadSanitizer's run time only notes a signal for its next call of libc; this is one.
void let_sanitizer_deliver()
{
    if constexpr (kThreadSanitizer) {
        ::usleep(0);
    }
}

void run_handler(Thread& self, const Handler& handler, siginfo_t& info, ucontext_t* interrupted)
{
    ucontext_t own;
    if (interrupted == nullptr) {
        ::getcontext(&own);
        interrupted = &own;
    }
    const std::uint64_t before = self.signal_mask;
    os::from_mask(before, interrupted->uc_sigmask);
    set_mask_for_now(self, mask_in_handler(self, handler, info.si_signo));
    count_handler(self, handler);
    Call call{&handler, &info, interrupted};
    const HandlerFrame frame{self, __builtin_frame_address(0)};
    if (leaves_stack(self, handler)) {
        arch_call_on(reinterpret_cast<void*>(self.alternate_sp + self.alternate_size), make_call,
                     &call);
    } else {
        make_call(&call);
    }
    let_sanitizer_deliver();
    // Whoever called looks for more, one handler after the other: from here the stack would grow
    // with each.
    enter_critical(self);
    set_mask_inside(self, allowed_mask(os::to_mask(interrupted->uc_sigmask)));
    leave_critical_quietly(self);
    if (self.counted_mask != self.signal_mask) {
        recount_mask(self);
    }
}

}  // namespace

void set_mask_for_now(Thread& self, std::uint64_t mask) noexcept
{
    const CriticalRegion region{self};
    set_mask_inside(self, mask);
}

siginfo_t info_of_kill(int signal) noexcept
{
    siginfo_t info{};
    info.si_signo = signal;
    info.si_code = SI_TKILL;
    info.si_pid = os::process_id();
    info.si_uid = ::getuid();
    return info;
}

// In a section of its own, so that where it begins and ends is known: thr_sighndlrinfo.
LT_NOINLINE __attribute__((section("lt_handler_calls"))) void call_handler(const Handler& handler,
                                                                           int signal,
                                                                           siginfo_t* info,
                                                                           void* context)
{
    if ((handler.flags & SA_SIGINFO) != 0) {
        reinterpret_cast<void (*)(int, siginfo_t*, void*)>(handler.function)(signal, info, context);
    } else {
        reinterpret_cast<void (*)(int)>(handler.function)(signal);
    }
    asm volatile("");  // no jump to the handler: our frame stays under its
}

void run_kernel_frame(Thread& self, int signal, siginfo_t* info, ucontext_t& context)
{
    if (signal == SIGCHLD && is_quiet_end(*info)) {
        return;
    }
    LT_PROBE2(signal__deliver, in_place(self.id), signal);
    const Handler handler = take_handler(signal);
    {
        // The kernel has blocked more for the handler's time; the thread takes that along if it
        // switches.
        const CriticalRegion region{self};
        self.signal_mask = mask_in_handler(self, handler, signal);
        self.lwp->kernel_mask = self.signal_mask;
    }
    count_handler(self, handler);
    {
        const HandlerFrame frame{self, __builtin_frame_address(0)};
        call_handler(handler, signal, info, &context);
    }
    settle_frame(self, context);
}

void settle_frame(Thread& self, ucontext_t& context)
{
    arch::end_wait_that_begins(context);
    for (;;) {
        // The program may have edited it. sigreturn sets it on whatever LWP we are on then.
        const std::uint64_t mask = allowed_mask(os::to_mask(context.uc_sigmask));
        enter_critical(self);
        self.signal_mask = mask;
        self.lwp->kernel_mask = mask;
        leave_critical_quietly(self);
        // seq_cst: the mask is stored before the bits are read; a sender sets a bit, then reads the
        // mask and, if it is closed, leaves the signal to us.
        std::atomic_thread_fence(memory_order_seq_cst);
        const bool news = (self.requests.load(memory_order_relaxed) & kRequestAttention) !=
                              0 ||  // relaxed: as above
                          has_open_signal(self) ||
                          self.counted_mask != mask;
        if (!news) {
            return;
        }
        // The kernel's mask stays that of the handler, lest frames pile up on this one; whoever
        // runs on the LWP meanwhile sets its own.
        enter_critical(self);
        self.lwp->kernel_mask = ~std::uint64_t{0};
        leave_critical_quietly(self);
        handle_attention(self);
        if (self.counted_mask != mask) {
            recount_mask(self);
        }
        raise_pending(self, &context);
    }
}

void deliver(Thread& self, siginfo_t& info, ucontext_t* context)
{
    const int signal = info.si_signo;
    switch (disposition_of(signal)) {
        case Disposition::kIgnored:
            return;
        case Disposition::kDefault:
            act_by_default(signal);
            return;
        case Disposition::kCaught:
            break;
    }
    if (signal == SIGCHLD && is_quiet_end(info)) {
        return;
    }
    LT_PROBE2(signal__deliver, in_place(self.id), signal);
    const int saved_errno = errno;
    run_handler(self, take_handler(signal), info, context);
    errno = saved_errno;
}

}  // namespace lt
