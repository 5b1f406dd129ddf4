// How no signal is missed: the thread stores what it awaits, then looks at its queue; a sender
// queues the signal, then looks at what is awaited and raises `attention`. Signals for the process
// are taken from the kernel by the signal LWP from then on, which finds those that came before.
//
// How those of one number keep their order: the signal LWP moves them from the front of the
// kernel's queue to the end of what the library holds, and wakes a waiter. Whoever waits takes the
// first one that is held, else the kernel's first, which is younger. Both happen under
// `intake_lock`. A waiter that takes one, or none, wakes another for what is left.
#include "thread/signal_wait.h"

#include "io/waiter.h"
#include "os/clock.h"
#include "os/task.h"
#include "sched/critical.h"
#include "sched/scheduler.h"
#include "sync/cancellation.h"
#include "sync/sleep.h"
#include "thread/mask_census.h"
#include "thread/pending_signals.h"
#include "thread/signal_lwp.h"
#include "thread/signals.h"

namespace lt {
namespace {

// In a critical region of depth 1, which is still held afterwards.
WakeCause sleep_for_signal(Thread& self, std::uint64_t awaited, const Deadline* deadline) LT_NO_TSA
{
    SleepQueue& queue = sleep_queue_of(&self.awaited);
    lock_to_sleep(self, queue);
    // relaxed: the locked instruction in lock() orders it, as it does the look at `attention`.
    if (((self.signals_pending.load(memory_order_relaxed) | held_signals()) & awaited) != 0) {
        queue.lock.unlock();
        return WakeCause::kInterrupted;
    }
    WaitSpec spec;
    spec.object = &self.awaited;
    spec.kind = WaitKind::kSignal;
    spec.deadline = deadline;
    spec.flags = kWaitCancellable;
    return sleep_on(self, queue, spec);
}

// It waits no more.
void withdraw(Thread& self)
{
    {
        const CriticalRegion region{self};
        note_awaited(self, 0);
        offer_held_signals(self);
    }
    settle_masks();
}

bool take_awaited(Thread& self, std::uint64_t set, siginfo_t& info)
{
    const CriticalRegion region{self};
    const SpinGuard guard{intake_lock};
    return take_pending(self, set, info) || take_held(set, info) || take_from_kernel(set, info);
}

Error wait_announced(Thread& self, std::uint64_t set, siginfo_t& info, const Deadline* deadline)
{
    const io::HandlersSeen before{self};
    for (;;) {
        if (take_awaited(self, set, info)) {
            return Error::kNone;
        }
        if (before.interrupt(self, false)) {
            return Error::kInterrupted;
        }
        if (deadline != nullptr && os::now(deadline->clock) >= deadline->ns) {
            return Error::kTimedOut;
        }
        enter_critical(self);
        sleep_for_signal(self, set, deadline);
        leave_critical(self);  // handlers for other signals run here
        if (is_cancelled_unseen(self)) {
            withdraw(self);
            act_on_cancellation(self);
            await_signals(self, set);  // cancellation is disabled
        }
    }
}

}  // namespace

Error wait_for_signal(Thread& self, std::uint64_t set, siginfo_t& info, const Deadline* deadline)
{
    act_on_cancellation(self);
    if (take_awaited(self, set, info)) {
        return Error::kNone;
    }
    await_signals(self, set);
    const Error error = wait_announced(self, set, info, deadline);
    withdraw(self);
    return error;
}

void suspend_for_signal(Thread& self, std::uint64_t mask)
{
    act_on_cancellation(self);
    const io::HandlersSeen before{self};
    const std::uint64_t old = self.signal_mask;
    adopt_mask(self, allowed_mask(mask));
    while (!before.interrupt(self, false)) {
        enter_critical(self);
        sleep_for_signal(self, 0, nullptr);
        leave_critical(self);  // and run here
        act_on_cancellation(self);
    }
    adopt_mask(self, old);
}

AwaitedInKernel::AwaitedInKernel(Thread& self, std::uint64_t set) noexcept : self_{self}, set_{set}
{
    await_signals(self_, set_);
}

AwaitedInKernel::~AwaitedInKernel()
{
    await_signals(self_, 0);
}

bool AwaitedInKernel::take_held_back(siginfo_t& info) noexcept
{
    const CriticalRegion region{self_};
    const SpinGuard guard{intake_lock};
    return take_held(set_, info);
}

void take_signals_from_kernel(Thread& self) noexcept
{
    std::uint64_t own = 0;
    siginfo_t info;
    // The kernel gives a task its own first, so none for the process is among them.
    while ((own = os::pending_for_task() & self.signal_mask) != 0) {
        const CriticalRegion region{self};
        const SpinGuard guard{intake_lock};
        if (!take_from_kernel(own, info) || !add_pending(self, info, false)) {
            return;
        }
    }
}

}  // namespace lt
