#include "thread/handlers.h"

#include <unistd.h>

#include <cerrno>

#include "arch/restart.h"
#include "base/check.h"
#include "lwp/lwp.h"
#include "os/kernel_thread.h"
#include "os/program_text.h"
#include "os/real.h"
#include "os/signal_mask.h"
#include "sched/clock_lwp.h"
#include "sched/critical.h"
#include "sched/preemption.h"
#include "sched/settings.h"
#include "thread/children.h"
#include "thread/delivery.h"
#include "thread/exec.h"
#include "thread/mask_census.h"
#include "thread/signal_lwp.h"
#include "thread/signals.h"
#include "thread/suspend.h"

namespace lt {
namespace {

constexpr int kSignals = 65;

// What the program asked for. Written by change_action() before the wrapper is installed for it,
// read on any thread.
struct Wanted {
    Atomic<void*> handler{nullptr};  // sa_handler or sa_sigaction
    Atomic<int> flags{0};
    Atomic<std::uint64_t> mask{0};
};
constinit Wanted wanted[kSignals];
// The signals that have a handler. relaxed: as the fields above.
constinit Atomic<std::uint64_t> caught{0};

bool is_synchronous(int signal, const siginfo_t& info)
{
    const bool faults = signal == SIGSEGV || signal == SIGBUS || signal == SIGFPE ||
                        signal == SIGILL || signal == SIGTRAP || signal == SIGSYS;
    return faults && info.si_code > 0;
}

constexpr std::uint64_t kFaults = os::signal_bit(SIGSEGV) | os::signal_bit(SIGBUS) |
                                  os::signal_bit(SIGFPE) | os::signal_bit(SIGILL) |
                                  os::signal_bit(SIGTRAP) | os::signal_bit(SIGSYS);

constexpr std::uint64_t kIgnoredByDefault = os::signal_bit(SIGCHLD) | os::signal_bit(SIGCONT) |
                                            os::signal_bit(SIGURG) | os::signal_bit(SIGWINCH);

// The interrupted code is in a critical region: nothing more is let in until it leaves.
void defer(Thread& self, int signal, const siginfo_t& info, ucontext_t& context)
{
    Lwp& lwp = *self.lwp;
    // relaxed, here and below: this LWP only.
    const std::uint32_t count = lwp.signal_deferred.load(memory_order_relaxed);
    if (count == Lwp::kMaxDeferred) {
        // Let in by masks that were being set: it waits in the kernel's queue.
        os::set_kernel_mask(os::kAllSignals & ~kFaults);
        siginfo_t again = info;
        os::raw_syscall(SYS_rt_tgsigqueueinfo, os::process_id(),
                        static_cast<long>(os::kernel_thread_id()), signal,
                        os::syscall_argument(&again));
    } else {
        lwp.deferred_info[count] = info;
        lwp.signal_deferred.store(count + 1, memory_order_relaxed);  // relaxed: as above
    }
    os::from_mask(os::kAllSignals & ~kFaults, context.uc_sigmask);
    if (self.has(kFlagBound)) {
        lwp.parker.unpark();  // it may be about to sleep: see interrupt_hook
    }
}

// Whether the thread has given up its signals, and the kernel has not been told.
bool is_ending(const Thread& self, int signal, const siginfo_t& info)
{
    return self.exiting && !is_synchronous(signal, info) &&
           (self.signal_mask & os::signal_bit(signal)) != 0;
}

// What the kernel calls in place of the program's handlers.
void wrapper(int signal, siginfo_t* info, void* context)
{
    const int saved_errno = errno;
    auto& machine = *static_cast<ucontext_t*>(context);
    Thread* self = current_thread;
    if (self == nullptr) {
        if (signal != SIGCHLD || !is_quiet_end(*info)) {
            call_handler(take_handler(signal), signal, info, context);
        }
    } else if (self->critical.load(memory_order_relaxed) > 0 &&  // relaxed: our own depth
               !is_synchronous(signal, *info)) {
        defer(*self, signal, *info, machine);
        return;
    } else if (self->has(kFlagIdle) || is_ending(*self, signal, *info)) {
        // An LWP without a thread, asleep, or with one that ends: it only passes the signal on.
        enter_critical(*self);
        route_signal(*self, *info);
        leave_critical(*self);
    } else {
        run_kernel_frame(*self, signal, info, machine);
    }
    errno = saved_errno;
}

// Whether the LWP looks for work, as others see it.
bool is_idle(const Lwp& lwp)
{
    // relaxed: written by this LWP.
    const Thread* thread = lwp.thread.load(memory_order_relaxed);
    return thread != nullptr && thread->has(kFlagIdle);
}

// Whether a thread interrupted there may leave its LWP: in code of the program, which no handler of
// the program has called.
bool is_in_program(const Thread& self, const ucontext_t& machine)
{
    const greg_t* registers = machine.uc_mcontext.gregs;
    return os::in_program_text(static_cast<std::uintptr_t>(registers[REG_RIP])) &&
           !runs_handler(self, static_cast<std::uintptr_t>(registers[REG_RSP]));
}

void meet_requests(Thread& self, ucontext_t& machine)
{
    // relaxed: raised before the kick was sent; a region that is being left looks at them itself.
    const std::uint32_t requests = self.requests.load(memory_order_relaxed);
    if ((requests & kRequestGiveWay) != 0 && is_in_program(self, machine)) {
        rest_in_handler(self, machine, give_way_in_handler);
    } else if ((requests & kRequestAttention) != 0) {
        attend_in_handler(self, machine);
    }
}

void on_kick(int, siginfo_t* info, void* context)
{
    const int saved_errno = errno;
    if (info->si_code == SI_TIMER) {
        kick_clock();  // the alarm of sched/wall_alarm.h
    }
    auto& machine = *static_cast<ucontext_t*>(context);
    Thread* self = current_thread;
    if (self != nullptr && is_idle(*self->lwp)) {
        os::from_mask(note_closed(*self->lwp, os::to_mask(machine.uc_sigmask)), machine.uc_sigmask);
    } else if (self != nullptr &&
               self->critical.load(memory_order_relaxed) == 0) {  // relaxed: our own depth
        const std::uint32_t ending = self->handlers_ending_calls;
        meet_requests(*self, machine);
        if (self->handlers_ending_calls != ending) {
            arch::end_restarted_call(machine);
        }
    }
    errno = saved_errno;
}

bool is_function(void (*handler)(int))
{
    return handler != SIG_DFL && handler != SIG_IGN;
}

}  // namespace

Disposition disposition_of(int signal) noexcept
{
    const std::uint64_t bit = os::signal_bit(signal);
    if ((caught.load(memory_order_relaxed) & bit) != 0) {  // relaxed: see its declaration
        return Disposition::kCaught;
    }
    struct sigaction actual {};
    os::real().sigaction(signal, nullptr, &actual);
    if (is_function(actual.sa_handler)) {
        return Disposition::kCaught;
    }
    return actual.sa_handler == SIG_IGN || (kIgnoredByDefault & bit) != 0 ? Disposition::kIgnored
                                                                          : Disposition::kDefault;
}

Handler take_handler(int signal) noexcept
{
    Wanted& want = wanted[signal];
    Handler handler;
    // relaxed: installed before the signal could arrive; a concurrent change may win or lose.
    handler.function = want.handler.load(memory_order_relaxed);
    handler.flags = want.flags.load(memory_order_relaxed);  // relaxed: as above
    handler.mask = want.mask.load(memory_order_relaxed);    // relaxed: as above
    if ((handler.flags & static_cast<int>(SA_RESETHAND)) != 0) {
        struct sigaction standard {};
        standard.sa_handler = SIG_DFL;
        // relaxed: see its declaration.
        caught.fetch_and(~os::signal_bit(signal), memory_order_relaxed);
        os::real().sigaction(signal, &standard, nullptr);
    }
    return handler;
}

void act_by_default(int signal) noexcept
{
    const std::uint64_t before = os::set_kernel_mask(os::kAllSignals & ~os::signal_bit(signal));
    os::raise_here(signal);
    os::set_kernel_mask(before);
}

namespace {

// Programs name Solaris' SIGWAITING and SIGLWP, <signal.h> has their numbers. Nobody sends the
// program these: what it asks for is kept, and that is all.
int keep_action(int signal, const struct sigaction* action, struct sigaction* before)
{
    constexpr int kSigwaiting = 33;
    constexpr int kSiglwp = 34;
    if (signal != kSigwaiting && signal != kSiglwp) {
        return EINVAL;
    }
    Wanted& want = wanted[signal];
    struct sigaction old {};
    // relaxed, here and below: see Wanted.
    old.sa_handler = reinterpret_cast<void (*)(int)>(want.handler.load(memory_order_relaxed));
    old.sa_flags = want.flags.load(memory_order_relaxed);              // relaxed: as above
    os::from_mask(want.mask.load(memory_order_relaxed), old.sa_mask);  // relaxed: as above
    if (action != nullptr) {
        void* handler = reinterpret_cast<void*>(action->sa_handler);
        // relaxed, all three: as above.
        want.handler.store(handler, memory_order_relaxed);
        want.flags.store(action->sa_flags, memory_order_relaxed);
        want.mask.store(os::to_mask(action->sa_mask), memory_order_relaxed);
    }
    if (before != nullptr) {
        *before = old;
    }
    return 0;
}

}  // namespace

int change_action(int signal, const struct sigaction* action, struct sigaction* before) noexcept
{
    if (signal <= 0 || signal >= kSignals) {
        return EINVAL;
    }
    if (is_library_signal(signal) || (os::signal_bit(signal) & os::kReservedSignals) != 0) {
        return keep_action(signal, action, before);
    }
    Wanted& want = wanted[signal];
    const std::uint64_t bit = os::signal_bit(signal);
    struct sigaction old {};
    // relaxed everywhere: racing sigaction calls are the program's to order; see Wanted.
    void* old_handler = want.handler.load(memory_order_relaxed);
    const int old_flags = want.flags.load(memory_order_relaxed);          // relaxed: as above
    const std::uint64_t old_mask = want.mask.load(memory_order_relaxed);  // relaxed: as above
    struct sigaction actual {};
    // The actions of a child of vfork are its own; it is about to exec, and catches nothing.
    const bool is_ours = current_thread == nullptr || !is_vfork_child(*current_thread);
    const bool catches = action != nullptr && is_function(action->sa_handler) && is_ours;
    if (action != nullptr) {
        actual = *action;
        // A thread can be stopped, and kicked, in a handler.
        os::from_mask(os::to_mask(action->sa_mask) & ~settings.own_signals, actual.sa_mask);
        if (catches) {
            void* handler = reinterpret_cast<void*>(action->sa_handler);
            // relaxed, all three: as above.
            want.handler.store(handler, memory_order_relaxed);
            want.flags.store(action->sa_flags, memory_order_relaxed);
            want.mask.store(os::to_mask(action->sa_mask), memory_order_relaxed);
            actual.sa_sigaction = wrapper;
            actual.sa_flags = (action->sa_flags | SA_SIGINFO) & ~static_cast<int>(SA_RESETHAND);
        }
    }
    if (os::real().sigaction(signal, action != nullptr ? &actual : nullptr, &old) != 0) {
        return errno;
    }
    if (catches) {
        caught.fetch_or(bit, memory_order_relaxed);  // relaxed: as above
    } else if (action != nullptr && is_ours) {
        caught.fetch_and(~bit, memory_order_relaxed);  // relaxed: as above
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
    // Calls that the thread is in are restarted; end_restarted_call() ends them all the same if a
    // handler has run that is to end them.
    action.sa_flags = SA_SIGINFO | SA_RESTART;
    // A cancellation acts when the handler has returned; a change of the process's user at once.
    os::from_mask(os::kStoppedMask, action.sa_mask);
    const int result = os::real().sigaction(settings.kick_signal, &action, nullptr);
    LT_CHECK(result == 0, "the kernel refuses a handler of the library's own");
}

}  // namespace lt
