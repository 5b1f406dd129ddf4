// How no signal is missed: the thread stores what it awaits, then looks at its queue; a sender
// queues the signal, then looks at what is awaited and raises `attention`. Signals for the process
// are taken from the kernel by the signal LWP from then on, which finds those that came before.
#include "thread/signal_wait.h"

#include <pthread.h>

#include "io/waiter.h"
#include "os/clock.h"
#include "os/signal_mask.h"
#include "sched/critical.h"
#include "sched/scheduler.h"
#include "sync/sleep_queue.h"
#include "thread/mask_census.h"
#include "thread/pending_signals.h"
#include "thread/signal_lwp.h"
#include "thread/signals.h"

namespace lt {
namespace {

bool take_from_kernel(std::uint64_t set, siginfo_t& info)
{
    const std::timespec now{};
    return os::raw_syscall(SYS_rt_sigtimedwait, os::syscall_argument(&set),
                           os::syscall_argument(&info), os::syscall_argument(&now),
                           sizeof(set)) > 0;
}

// In a critical region of depth 1, which is still held afterwards.
WakeCause sleep_for_signal(Thread& self, std::uint64_t awaited, const Deadline* deadline) LT_NO_TSA
{
    SleepQueue& queue = sleep_queue_of(&self.awaited);
    lock_to_sleep(self, queue);
    // relaxed: the locked instruction in lock() orders it, as it does the look at `attention`.
    if ((self.signals_pending.load(memory_order_relaxed) & awaited) != 0) {
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

// It waits no more. What was given to it for the process meanwhile, and it did not take, and
// blocks, is for others.
void withdraw(Thread& self)
{
    await_signals(self, 0);
    siginfo_t info;
    const CriticalRegion region{self};
    while (take_pending(self, self.signal_mask, info, true)) {
        route_signal(self, info);
    }
}

bool take_awaited(Thread& self, std::uint64_t set, siginfo_t& info)
{
    const CriticalRegion region{self};
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
        // relaxed: a request that is not seen yet raises `attention` and ends the sleep.
        if (self.cancel_requested.load(memory_order_relaxed) != 0) {
            withdraw(self);
            ::pthread_testcancel();
            await_signals(self, set);  // cancellation is disabled
        }
    }
}

}  // namespace

Error wait_for_signal(Thread& self, std::uint64_t set, siginfo_t& info, const Deadline* deadline)
{
    io::act_on_cancellation(self);
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
    io::act_on_cancellation(self);
    const io::HandlersSeen before{self};
    const std::uint64_t old = self.signal_mask;
    adopt_mask(self, allowed_mask(mask));
    while (!before.interrupt(self, false)) {
        enter_critical(self);
        sleep_for_signal(self, 0, nullptr);
        leave_critical(self);  // and run here
        // relaxed: as in wait_announced().
        if (self.cancel_requested.load(memory_order_relaxed) != 0) {
            ::pthread_testcancel();
        }
    }
    adopt_mask(self, old);
}

AwaitedInKernel::AwaitedInKernel(Thread* self, std::uint64_t set) noexcept : self_{self}
{
    if (self_ == nullptr) {
        return;
    }
    await_signals(*self_, set);
    siginfo_t info;
    const CriticalRegion region{*self_};
    while (take_held(set, info)) {
        os::raw_syscall(SYS_rt_sigqueueinfo, os::process_id(), info.si_signo,
                        os::syscall_argument(&info));
    }
}

AwaitedInKernel::~AwaitedInKernel()
{
    if (self_ != nullptr) {
        await_signals(*self_, 0);
    }
}

void take_signals_from_kernel(Thread& self) noexcept
{
    constexpr std::size_t kMost = 32;
    siginfo_t for_process[kMost];
    std::size_t count = 0;
    siginfo_t info;
    // The thread's own come first.
    while (count < kMost && self.signal_mask != 0 && take_from_kernel(self.signal_mask, info)) {
        const CriticalRegion region{self};
        if (info.si_code == SI_TKILL && add_pending(self, info, false)) {
            continue;
        }
        for_process[count++] = info;
    }
    for (std::size_t i = 0; i < count; ++i) {
        os::raw_syscall(SYS_rt_sigqueueinfo, os::process_id(), for_process[i].si_signo,
                        os::syscall_argument(&for_process[i]));
    }
}

}  // namespace lt
