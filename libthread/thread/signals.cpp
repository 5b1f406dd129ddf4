#include "thread/signals.h"

#include "os/kernel_thread.h"
#include "os/real.h"
#include "os/signal_mask.h"
#include "sched/critical.h"
#include "sched/suspension.h"
#include "sched/timeouts.h"
#include "sync/sleep_queue.h"
#include "thread/handlers.h"
#include "thread/registry.h"
#include "thread/start_up.h"

namespace lt {
namespace {

constexpr int kLastSignal = 64;
constexpr int kCancelSignal = 32;  // glibc's own
constexpr int kSetIdSignal = 33;   // glibc's own

// Masks that the program may set: glibc's signals and ours stay open.
std::uint64_t allowed(std::uint64_t mask)
{
    return mask & os::kAllSignals & ~library_signals();
}

void send_to_lwp(const Lwp& lwp, int signal)
{
    // relaxed: a stale id belongs to a task that has ended, or has another thread's signal to look
    // at.
    const std::uint32_t tid = lwp.tid.load(memory_order_relaxed);
    if (tid != 0) {
        os::raw_syscall(SYS_tgkill, os::process_id(), static_cast<long>(tid), signal);
    }
}

// The LWP that runs `self` if it holds a signal back, which keeps the thread there, as all are
// blocked.
Lwp* holding_lwp(Thread& self)
{
    enter_critical(self);
    Lwp& lwp = *self.lwp;
    // relaxed: this LWP only.
    const bool holds = lwp.signal_deferred.load(memory_order_relaxed) != 0;
    leave_critical_quietly(self);
    return holds ? &lwp : nullptr;
}

// The signal that came inside a critical region, sent again now that it is over.
void redeliver(Thread& self)
{
    Lwp* const held = holding_lwp(self);
    if (held == nullptr) {
        return;
    }
    Lwp& lwp = *held;
    // relaxed: this LWP only.
    const std::uint32_t signal = lwp.signal_deferred.load(memory_order_relaxed);
    siginfo_t info = lwp.deferred_info;
    lwp.signal_deferred.store(0, memory_order_relaxed);  // relaxed: as above
    os::raw_syscall(SYS_rt_tgsigqueueinfo, os::process_id(),
                    static_cast<long>(os::kernel_thread_id()), static_cast<long>(signal),
                    os::syscall_argument(&info));
    // An idle context has the mask of the thread that its LWP ran last.
    const std::uint64_t mask = self.has(kFlagIdle) ? lwp.kernel_mask : self.signal_mask;
    lwp.kernel_mask = mask;
    os::set_kernel_mask(mask);  // it arrives here, if the thread lets it
}

}  // namespace

void raise_pending(Thread& self) noexcept
{
    for (;;) {
        // acquire: what the sender did before is visible to the handler.
        const std::uint64_t open =
            self.signals_pending.load(memory_order_acquire) & ~self.signal_mask;
        if (open == 0) {
            return;
        }
        const int signal = __builtin_ctzll(open) + 1;
        // relaxed: only this thread takes bits away.
        self.signals_pending.fetch_and(~os::signal_bit(signal), memory_order_relaxed);
        // Handled on leaving the region: outside of one the thread may stop, and go on elsewhere,
        // between the look at its LWP and the call.
        const CriticalRegion region{self};
        send_to_lwp(*self.lwp, signal);
    }
}

namespace {

bool lower_attention(Thread& self)
{
    // acq_rel: bits raised before are seen by the caller; bits raised later raise it again.
    const std::uint32_t before =
        self.requests.fetch_and(~std::uint32_t{kRequestAttention}, memory_order_acq_rel);
    return (before & kRequestAttention) != 0;
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

// Makes `target`, whose request was just raised, look at it. Under the life lock, so that it
// lives.
void attract(Thread& self, Thread& target)
{
    if (&target == &self) {
        return;  // on leaving the critical region
    }
    // relaxed: a thread about to sleep finds the request; see lock_to_sleep().
    if (target.state.load(memory_order_relaxed) == ThreadState::kRunning && target.lwp != nullptr) {
        send_to_lwp(*target.lwp, kick_signal());
    }
}

}  // namespace

void handle_attention(Thread& self) noexcept
{
    stop_while_suspended(self);
    redeliver(self);
    if (lower_attention(self)) {
        raise_pending(self);
    }
}

void attend_in_handler(Thread& self) noexcept
{
    enter_critical(self);
    lower_attention(self);
    raise_pending(self);
    leave_critical_quietly(self);
}

void repeat_cancellation(Thread& self) noexcept
{
    enter_critical(self);
    // relaxed: set before the thread was continued, or its own signal is on the way.
    if (self.cancel_requested.load(memory_order_relaxed) != 0) {
        send_to_lwp(*self.lwp, kCancelSignal);
    }
    leave_critical_quietly(self);
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
    mask = allowed(mask);
    if (before != nullptr) {
        *before = old;
    }
    if (mask == old) {
        return Error::kNone;
    }
    {
        const CriticalRegion region{self};
        self.signal_mask = mask;
        self.lwp->kernel_mask = mask;
        if (self.lwp->signal_deferred.load(memory_order_relaxed) == 0) {  // relaxed: this LWP only
            os::set_kernel_mask(mask);
        }
    }
    raise_pending(self);
    return Error::kNone;
}

Error kill_thread(Thread& self, std::uint32_t id, int signal) noexcept
{
    if (signal < 0 || signal > kLastSignal || signal == kCancelSignal || signal == kSetIdSignal ||
        is_library_signal(signal)) {
        return Error::kInvalid;
    }
    const CriticalRegion region{self};
    Thread* target = nullptr;
    {
        const SpinGuard guard{life_lock};
        target = find_thread(id);
        if (!is_live(target)) {
            return Error::kNoSuchThread;
        }
        if (signal == 0) {
            return Error::kNone;
        }
        // release: with the seq_cst exchange below, the target finds the bit.
        target->signals_pending.fetch_or(os::signal_bit(signal), memory_order_release);
        // A stale mask only wakes it once too often, or leaves the bit to its unblocking.
        if ((os::signal_bit(signal) & target->signal_mask) != 0) {
            return Error::kNone;
        }
        // seq_cst: before the look at where it sleeps; pairs with lock_to_sleep().
        target->requests.fetch_or(kRequestAttention, memory_order_seq_cst);
        attract(self, *target);
        if (target != &self) {
            end_sleep(self, *target, WakeCause::kInterrupted);
        }
    }
    return Error::kNone;
}

void block_all_signals(Thread& self) noexcept
{
    const std::uint64_t all = ~std::uint64_t{0};
    static_cast<void>(change_mask(self, SIG_SETMASK, &all, nullptr));
}

void announce_cancellation(Thread& self, Thread& target) noexcept
{
    if (&target == &self) {
        return;
    }
    const CriticalRegion region{self};
    const SpinGuard guard{life_lock};
    if (!is_live(&target)) {
        return;
    }
    // release: seen by whoever finds the request raised.
    target.cancel_requested.store(1, memory_order_release);
    // seq_cst: as in kill_thread().
    target.requests.fetch_or(kRequestAttention, memory_order_seq_cst);
    // relaxed: as in attract().
    if (target.state.load(memory_order_relaxed) == ThreadState::kRunning && target.lwp != nullptr) {
        send_to_lwp(*target.lwp, kCancelSignal);  // ends a system call that is a cancellation point
    }
    end_sleep(self, target, WakeCause::kCancelled);
}

void start_signals() noexcept
{
    interrupt_hook = interrupt_own_sleep;
    install_kick_handler();
}

}  // namespace lt
