#include "thread/handlers.h"

#include <unistd.h>

#include <cerrno>

#include "lwp/lwp.h"
#include "os/real.h"
#include "os/signal_mask.h"
#include "sched/critical.h"
#include "thread/children.h"
#include "thread/signals.h"
#include "thread/suspend.h"

namespace lt {
namespace {

constexpr int kSignals = 65;

// What the program asked for. Written by change_action() before the wrapper is installed for it,
// read by the wrapper on any thread.
struct Wanted {
    Atomic<void*> handler{nullptr};  // sa_handler or sa_sigaction
    Atomic<int> flags{0};
    Atomic<std::uint64_t> mask{0};
};
constinit Wanted wanted[kSignals];

bool is_synchronous(int signal, const siginfo_t& info)
{
    const bool faults = signal == SIGSEGV || signal == SIGBUS || signal == SIGFPE ||
                        signal == SIGILL || signal == SIGTRAP || signal == SIGSYS;
    return faults && info.si_code > 0;
}

constexpr std::uint64_t kFaults = os::signal_bit(SIGSEGV) | os::signal_bit(SIGBUS) |
                                  os::signal_bit(SIGFPE) | os::signal_bit(SIGILL) |
                                  os::signal_bit(SIGTRAP) | os::signal_bit(SIGSYS);

// The interrupted code is in a critical region: nothing more is let in until it leaves.
void defer(Thread& self, int signal, const siginfo_t& info, ucontext_t& context)
{
    Lwp& lwp = *self.lwp;
    // relaxed: this LWP only.
    if (lwp.signal_deferred.load(memory_order_relaxed) != 0) {
        // A second one, let in by a mask that was being set: it waits in the kernel's queue.
        os::set_kernel_mask(os::kAllSignals & ~kFaults);
        siginfo_t again = info;
        os::raw_syscall(SYS_rt_tgsigqueueinfo, os::process_id(),
                        static_cast<long>(os::kernel_thread_id()), signal,
                        os::syscall_argument(&again));
    } else {
        lwp.deferred_info = info;
        // relaxed: read on this LWP only, after the handler.
        lwp.signal_deferred.store(static_cast<std::uint32_t>(signal), memory_order_relaxed);
    }
    os::from_mask(os::kAllSignals & ~kFaults, context.uc_sigmask);
    if (self.has(kFlagBound)) {
        lwp.parker.unpark();  // it may be about to sleep: see interrupt_hook
    }
}

void call_program(int signal, siginfo_t* info, void* context, const Wanted& want)
{
    if (signal == SIGCHLD && is_quiet_end(*info)) {
        return;
    }
    // relaxed: installed before the signal could arrive; a concurrent change may win or lose.
    void* handler = want.handler.load(memory_order_relaxed);
    const int flags = want.flags.load(memory_order_relaxed);  // relaxed: as above
    if ((flags & static_cast<int>(SA_RESETHAND)) != 0) {
        struct sigaction standard {};
        standard.sa_handler = SIG_DFL;
        os::real().sigaction(signal, &standard, nullptr);
    }
    if ((flags & SA_SIGINFO) != 0) {
        reinterpret_cast<void (*)(int, siginfo_t*, void*)>(handler)(signal, info, context);
    } else {
        reinterpret_cast<void (*)(int)>(handler)(signal);
    }
}

// The mask that the kernel has set, or will when the handler returns. In a critical region, lest
// the thread stops in between and goes on on another LWP.
void note_mask(Thread& self, std::uint64_t mask)
{
    const CriticalRegion region{self};
    self.signal_mask = mask;
    self.lwp->kernel_mask = mask;
}

// What the kernel calls in place of the program's handlers.
void wrapper(int signal, siginfo_t* info, void* context)
{
    const int saved_errno = errno;
    const Wanted& want = wanted[signal];
    auto& machine = *static_cast<ucontext_t*>(context);
    Thread* self = current_thread;
    if (self == nullptr) {
        call_program(signal, info, context, want);
        errno = saved_errno;
        return;
    }
    // relaxed: our own thread's depth.
    if (self->critical.load(memory_order_relaxed) > 0 && !is_synchronous(signal, *info)) {
        defer(*self, signal, *info, machine);
        return;
    }
    // The kernel has blocked more for the handler's time; the thread takes that along if it
    // switches.
    const int flags = want.flags.load(memory_order_relaxed);  // relaxed: as in call_program()
    std::uint64_t mask =
        self->signal_mask | want.mask.load(memory_order_relaxed);  // relaxed: as above
    mask |= (flags & SA_NODEFER) != 0 ? 0 : os::signal_bit(signal);
    note_mask(*self, mask & os::kAllSignals & ~library_signals());
    ++self->handlers_run;
    self->handlers_ending_calls += (flags & SA_RESTART) != 0 ? 0 : 1;
    call_program(signal, info, context, want);
    // sigreturn sets this mask on whatever LWP we are on now; the program may have edited it.
    note_mask(*self, os::to_mask(machine.uc_sigmask));
    // A thr_kill that found the signal blocked by this handler has left it to us. seq_cst: the mask
    // is stored before the bits are read; the sender sets a bit, then reads the mask.
    std::atomic_thread_fence(memory_order_seq_cst);
    raise_pending(*self);
    errno = saved_errno;
}

void on_kick(int, siginfo_t*, void*)
{
    Thread* self = current_thread;
    // relaxed, both: our own depth, and raised before the kick was sent; a region that is being
    // left looks at the requests itself.
    if (self != nullptr && self->critical.load(memory_order_relaxed) == 0 &&
        (self->requests.load(memory_order_relaxed) & kRequestAttention) != 0) {
        const int saved_errno = errno;
        attend_in_handler(*self);
        errno = saved_errno;
    }
}

bool is_function(void (*handler)(int))
{
    return handler != SIG_DFL && handler != SIG_IGN;
}

}  // namespace

int kick_signal() noexcept
{
    return SIGRTMAX - 1;
}

bool is_library_signal(int signal) noexcept
{
    return signal == kick_signal() || signal == stop_signal();
}

std::uint64_t library_signals() noexcept
{
    return os::signal_bit(kick_signal()) | os::signal_bit(stop_signal());
}

int change_action(int signal, const struct sigaction* action, struct sigaction* before) noexcept
{
    if (signal <= 0 || signal >= kSignals) {
        return EINVAL;
    }
    if (is_library_signal(signal)) {
        return EINVAL;
    }
    Wanted& want = wanted[signal];
    struct sigaction old {};
    // relaxed everywhere: racing sigaction calls are the program's to order; see Wanted.
    void* old_handler = want.handler.load(memory_order_relaxed);
    const int old_flags = want.flags.load(memory_order_relaxed);          // relaxed: as above
    const std::uint64_t old_mask = want.mask.load(memory_order_relaxed);  // relaxed: as above
    struct sigaction actual {};
    if (action != nullptr) {
        actual = *action;
        // A handler can be stopped, and its thread kicked.
        os::from_mask(os::to_mask(action->sa_mask) & ~library_signals(), actual.sa_mask);
        if (is_function(action->sa_handler)) {
            void* handler = reinterpret_cast<void*>(action->sa_handler);
            const std::uint64_t mask = os::to_mask(action->sa_mask);
            // relaxed, all three: as above.
            want.handler.store(handler, memory_order_relaxed);
            want.flags.store(action->sa_flags, memory_order_relaxed);
            want.mask.store(mask, memory_order_relaxed);
            actual.sa_sigaction = wrapper;
            actual.sa_flags = (action->sa_flags | SA_SIGINFO) & ~static_cast<int>(SA_RESETHAND);
        }
    }
    if (os::real().sigaction(signal, action != nullptr ? &actual : nullptr, &old) != 0) {
        return errno;
    }
    if (before != nullptr) {
        *before = old;
        if (old.sa_sigaction == wrapper) {
            before->sa_handler = reinterpret_cast<void (*)(int)>(old_handler);
            before->sa_flags = old_flags;
            os::from_mask(old_mask, before->sa_mask);
        }
    }
    return 0;
}

void install_kick_handler() noexcept
{
    struct sigaction action {};
    action.sa_sigaction = on_kick;
    // No SA_RESTART: a system call that the thread is in shall end, as if the signal had come
    // itself.
    action.sa_flags = SA_SIGINFO;
    ::sigfillset(&action.sa_mask);
    os::real().sigaction(kick_signal(), &action, nullptr);
}

}  // namespace lt
