#include "thread/signals.h"

#include "base/probe.h"
#include "os/every_task.h"
#include "os/kernel_thread.h"
#include "os/real.h"
#include "os/signal_mask.h"
#include "sched/critical.h"
#include "sched/own_signals.h"
#include "sched/preemption.h"
#include "sched/settings.h"
#include "sched/suspension.h"
#include "sched/timeouts.h"
#include "sync/cancellation.h"
#include "sync/sleep_queue.h"
#include "thread/delivery.h"
#include "thread/exec.h"
#include "thread/handlers.h"
#include "thread/mask_census.h"
#include "thread/pending_signals.h"
#include "thread/registry.h"
#include "thread/signal_lwp.h"
#include "thread/start_up.h"

extern "C" int __libc_allocate_rtsig(int high);  // NOLINT: glibc's name

namespace lt {
namespace {

constexpr int kLastSignal = 64;

bool queue_in_kernel(std::uint32_t tid, siginfo_t info)
{
    if (info.si_code == SI_TKILL) {
        return os::raw_syscall(SYS_tgkill, os::process_id(), static_cast<long>(tid),
                               info.si_signo) == 0;
    }
    return os::raw_syscall(SYS_rt_tgsigqueueinfo, os::process_id(), static_cast<long>(tid),
                           info.si_signo, os::syscall_argument(&info)) == 0;
}

// A signal that came to this LWP in a critical region, now for the thread that it runs: not always
// the one that was interrupted. In a critical region, all signals blocked.
void accept_deferred(Thread& self, const siginfo_t& info)
{
    const bool for_thread = info.si_code == SI_TKILL && self.has(kFlagBound);
    const bool open = (self.signal_mask & os::signal_bit(info.si_signo)) == 0;
    if (for_thread && !open) {
        queue_in_kernel(os::kernel_thread_id(), info);
    } else if (self.has(kFlagIdle) || !open || !add_pending(self, info, !for_thread)) {
        route_signal(self, info);
    }
}

// The signals that came inside a critical region, now that it is over.
void accept_deferred(Thread& self)
{
    enter_critical(self);
    Lwp& lwp = *self.lwp;
    // relaxed, all: this LWP only.
    const std::uint32_t count = lwp.signal_deferred.load(memory_order_relaxed);
    if (count != 0) {
        for (std::uint32_t i = 0; i < count; ++i) {
            accept_deferred(self, lwp.deferred_info[i]);
        }
        lwp.signal_deferred.store(0, memory_order_relaxed);  // relaxed: as above
        // An idle context has the mask of the thread that its LWP ran last.
        lwp.kernel_mask = self.has(kFlagIdle) ? lwp.kernel_mask : self.signal_mask;
        os::set_kernel_mask(lwp.kernel_mask);
    }
    leave_critical_quietly(self);
}

void end_sleep(Thread& self, Thread& thread, WakeCause cause)
{
    if (take_thread(thread)) {
        resume(self, thread, cause);
    }
}

void interrupt_own_sleep(Thread& self)
{
    end_sleep(self, self, WakeCause::kInterrupted);
}

// Makes `target` look at its `attention`, which is raised first. Under the life lock, so that it
// lives.
void attract(Thread& self, Thread& target, WakeCause cause)
{
    // seq_cst: before the look at where it sleeps; pairs with lock_to_sleep().
    const std::uint32_t before = target.requests.fetch_or(kRequestAttention, memory_order_seq_cst);
    if (&target == &self) {
        return;  // on leaving the critical region
    }
    if (cause == WakeCause::kInterrupted && (before & kRequestAttention) != 0) {
        // Whoever raised it has seen to the rest. A flood of signals would keep the target from
        // getting anywhere.
        return;
    }
    // relaxed: a thread about to sleep finds `attention`; see lock_to_sleep().
    if (target.state.load(memory_order_relaxed) == ThreadState::kRunning && target.lwp != nullptr) {
        send_own_signal(*target.lwp, settings.kick_signal);
    }
    end_sleep(self, target, cause);
}

// A bound thread waits for signals in the kernel: what it blocks belongs into its task's queue.
void requeue_own(Thread& self)
{
    siginfo_t info;
    if (!self.has(kFlagBound)) {
        return;
    }
    enter_critical(self);
    while (take_pending(self, self.signal_mask, info)) {
        queue_in_kernel(os::kernel_thread_id(), info);
    }
    leave_critical_quietly(self);
}

bool take_open(Thread& self, siginfo_t& info)
{
    enter_critical(self);
    const std::uint64_t open = ~self.signal_mask;
    const bool taken = take_pending(self, open, info) || take_held(open, info);
    leave_critical_quietly(self);
    return taken;
}

bool lower(Thread& self, Request request)
{
    // acq_rel: what was raised before is seen by the caller; what is raised later raises it again.
    const std::uint32_t before =
        self.requests.fetch_and(~std::uint32_t{request}, memory_order_acq_rel);
    return (before & request) != 0;
}

// What came while a handler was left; see run_handler().
bool has_requests(const Thread& self)
{
    // relaxed, both: what comes later acts by itself. Whether it gives way is looked at last.
    return (self.requests.load(memory_order_relaxed) & ~std::uint32_t{kRequestGiveWay}) != 0 ||
           self.lwp->signal_deferred.load(memory_order_relaxed) != 0;
}

bool is_refused(int signal)
{
    return signal < 0 || signal > kLastSignal || signal == os::kCancelSignal ||
           signal == os::kSetIdSignal || is_library_signal(signal);
}

// glibc's handler acts on it if the thread has asked for asynchronous cancellation; it also ends a
// system call that is a cancellation point.
void repeat_cancellation(Thread& self)
{
    // relaxed: set before `attention` was raised.
    if (self.cancel_requested.load(memory_order_relaxed) == kNotRequested) {
        return;
    }
    // It may unwind the stack, and must not do so from inside the region; nor may the thread leave
    // the LWP before.
    enter_critical(self);
    const std::uint64_t before = os::set_kernel_mask(~std::uint64_t{0});
    os::raw_syscall(SYS_tgkill, os::process_id(), static_cast<long>(os::kernel_thread_id()),
                    os::kCancelSignal);
    leave_critical_quietly(self);
    os::set_kernel_mask(before);
}

}  // namespace

std::uint64_t allowed_mask(std::uint64_t mask) noexcept
{
    return mask & os::kAllSignals & ~settings.own_signals;
}

bool has_open_signal(const Thread& self) noexcept
{
    // relaxed: the caller has ordered its mask before.
    return ((self.signals_pending.load(memory_order_relaxed) | held_signals()) &
            ~self.signal_mask) != 0;
}

void raise_pending(Thread& self, ucontext_t* context) noexcept
{
    siginfo_t info;
    while (has_open_signal(self) && take_open(self, info)) {
        deliver(self, info, context);
    }
}

void handle_attention(Thread& self) noexcept
{
    if (LT_UNLIKELY(is_vfork_child(self))) {
        return;  // what waits is for the parent
    }
    do {
        stop_while_suspended(self);
        accept_deferred(self);
        if (lower(self, kRequestHalt)) {
            os::ask_own_task();
        }
        if (lower(self, kRequestAttention)) {
            repeat_cancellation(self);
            requeue_own(self);
        }
        if (!self.has(kFlagIdle)) {
            raise_pending(self);
        }
    } while (has_requests(self));
    give_way_if_asked(self);
}

// What the kernel will set when the handler returns need not be the thread's mask: in the wrapper
// of a handler of the program, before it has noted its mask and after it has given it up. It is
// left alone then, unless a handler that runs here changes the thread's.
void attend_in_handler(Thread& self, ucontext_t& context) noexcept
{
    const sigset_t to_be_set = context.uc_sigmask;
    const std::uint64_t mask = self.signal_mask;
    lower(self, kRequestAttention);
    repeat_cancellation(self);  // arrives when this handler has returned
    requeue_own(self);
    enter_critical(self);
    self.lwp->kernel_mask = ~std::uint64_t{0};
    leave_critical_quietly(self);
    raise_pending(self, &context);
    os::from_mask(self.signal_mask, context.uc_sigmask);
    settle_frame(self, context);
    if (self.signal_mask == mask) {
        context.uc_sigmask = to_be_set;
    }
}

Error change_mask(Thread& self, int how, const std::uint64_t* set, std::uint64_t* before) noexcept
{
    const std::uint64_t old = self.signal_mask;
    std::uint64_t mask = old;
    if (set != nullptr) {
        switch (how) {
            case SIG_BLOCK:
                mask |= *set;
                break;
            case SIG_UNBLOCK:
                mask &= ~*set;
                break;
            case SIG_SETMASK:
                mask = *set;
                break;
            default:
                return Error::kInvalid;
        }
    }
    if (before != nullptr) {
        *before = old;
    }
    adopt_mask(self, allowed_mask(mask));
    return Error::kNone;
}

void adopt_mask(Thread& self, std::uint64_t mask) noexcept
{
    if (mask == self.signal_mask) {
        return;
    }
    set_mask_for_now(self, mask);
    if (self.counted_mask != mask) {
        recount_mask(self);
    }
    // seq_cst: as in settle_frame().
    std::atomic_thread_fence(memory_order_seq_cst);
    raise_pending(self);
    if (has_requests(self)) {
        handle_attention(self);
    }
}

void expect_kernel_mask(Thread& self, std::uint64_t mask) noexcept
{
    enter_critical(self);
    self.signal_mask = mask;
    self.lwp->kernel_mask = mask;
    // seq_cst: as in settle_frame().
    std::atomic_thread_fence(memory_order_seq_cst);
    const bool opens = has_open_signal(self);
    if (opens) {
        // relaxed: read by this thread.
        self.requests.fetch_or(kRequestAttention, memory_order_relaxed);
    }
    leave_critical_quietly(self);
    if (opens) {
        os::raise_here(settings.kick_signal);
    }
}

bool give_signal(Thread& self, Thread& target, const siginfo_t& info, bool for_process) noexcept
{
    LT_PROBE3(signal__send, in_place(target.id), info.si_signo, in_place(self.id));
    const std::uint64_t bit = os::signal_bit(info.si_signo);
    // relaxed: its own kernel task is there until it is off the list of the living.
    const std::uint32_t tid =
        target.has(kFlagBound) ? target.lwp->tid.load(memory_order_relaxed) : 0;
    // The kernel takes other origins from the task itself only: see requeue_own().
    if (tid != 0 && info.si_code < 0) {
        return queue_in_kernel(tid, info);
    }
    if (!add_pending(target, info, for_process)) {
        return false;
    }
    // seq_cst: what it awaits is looked at after the signal was queued. A mask that is out of date
    // wakes it once too often, or leaves the signal to its unblocking.
    if ((bit & target.signal_mask) == 0 || (target.awaited.load(memory_order_seq_cst) & bit) != 0) {
        attract(self, target, WakeCause::kInterrupted);
    }
    return true;
}

void wake_waiter(Thread& self, Thread& target) noexcept
{
    attract(self, target, WakeCause::kInterrupted);
}

Error kill_thread(Thread& self, std::uint32_t id, const siginfo_t& info) noexcept
{
    const int signal = info.si_signo;
    if (is_refused(signal)) {
        return Error::kInvalid;
    }
    const Disposition disposition = signal != 0 ? disposition_of(signal) : Disposition::kCaught;
    const std::uint64_t bit = signal != 0 ? os::signal_bit(signal) : 0;
    const CriticalRegion region{self};
    {
        const LifeGuard guard{id};
        Thread* target = find_thread(id);
        if (!is_live(target)) {
            return Error::kNoSuchThread;
        }
        if (signal == 0) {
            return Error::kNone;
        }
        // seq_cst: a hint here; give_signal() looks again.
        const bool is_wanted =
            ((target->signal_mask | target->awaited.load(memory_order_seq_cst)) & bit) != 0;
        if (disposition == Disposition::kCaught || is_wanted || target->has(kFlagBound)) {
            return give_signal(self, *target, info, false) ? Error::kNone : Error::kLimit;
        }
    }
    if (disposition == Disposition::kDefault) {
        act_by_default(signal);
    }
    return Error::kNone;
}

void block_all_signals(Thread& self) noexcept
{
    set_mask_for_now(self, allowed_mask(~std::uint64_t{0}));
}

void close_to_signals_at_end(Thread& self) noexcept
{
    if (self.has(kFlagBound)) {
        block_all_signals(self);
        return;
    }
    const CriticalRegion region{self};
    self.exiting = true;
    self.signal_mask = allowed_mask(~std::uint64_t{0});
}

void announce_cancellation(Thread& self, Thread& target) noexcept
{
    if (&target == &self) {
        self.cancel_requested.store(kUnseen, memory_order_relaxed);  // relaxed: read by itself
        return;
    }
    const CriticalRegion region{self};
    const LifeGuard guard;  // all: whose record it is now is not certain before
    if (!is_live(&target) || target.leaving) {
        return;  // too late; and its record may soon be another's
    }
    // release: after glibc's mark; and seen by whoever finds `attention` raised.
    target.cancel_requested.store(kUnseen, memory_order_release);
    attract(self, target, WakeCause::kCancelled);
}

void start_signals() noexcept
{
    // From the low end, whose end valgrind and others do not use; SIGRTMIN moves up.
    const int own = ::__libc_allocate_rtsig(1);
    settings.kick_signal = own > 0 ? own : SIGRTMAX - 1;
    const int stop = ::__libc_allocate_rtsig(1);
    settings.stop_signal = stop > 0 ? stop : SIGRTMAX - 2;
    settings.own_signals =
        os::signal_bit(settings.kick_signal) | os::signal_bit(settings.stop_signal);
    interrupt_hook = interrupt_own_sleep;
    install_kick_handler();
}

}  // namespace lt
