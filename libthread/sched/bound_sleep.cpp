// Bound threads sleep with their LWP.
#include "lwp/lwp.h"
#include "os/clock.h"
#include "os/signal_mask.h"
#include "sched/dispatch.h"
#include "sched/scheduler.h"
#include "sched/settings.h"
#include "sched/suspension.h"
#include "sched/timeouts.h"

namespace lt {
namespace {

// Spinning pays only if the waker runs at the same time: what helped last time is tried again, what
// did not is tried for half as long. Now and then a long spin sees whether things have changed.
void spin_then_park(Lwp& lwp, const Deadline* until)
{
    constexpr std::int64_t kMostNs = 20'000;
    constexpr std::int64_t kLeastNs = 500;
    constexpr std::uint32_t kLookAgain = 64;
    if (settings.cpus < 2) {
        lwp.parker.park(until);
        return;
    }
    const bool look = ++lwp.spins % kLookAgain == 0;
    if (lwp.parker.park(until, look ? kMostNs : lwp.spin_ns)) {
        lwp.spin_ns = kMostNs;
    } else {
        lwp.spin_ns = lwp.spin_ns / 2 < kLeastNs ? kLeastNs : lwp.spin_ns / 2;
    }
}

}  // namespace

void sleep_with_lwp(Thread& self) noexcept
{
    const Deadline until{self.deadline_ns, self.deadline_clock};
    const bool timed = until.ns != 0;
    bool closed = false;  // to signals
    const ParkedRegisters registers{self};
    // acquire, all three: what the waker wrote (cause, hand-over) is visible.
    ThreadState state = self.state.load(memory_order_acquire);
    while (state != ThreadState::kRunning) {
        if (LT_UNLIKELY(is_suspended(self) != closed)) {
            closed = !closed;
            // Continued while it sleeps on: signals end the sleep again.
            os::set_kernel_mask(closed ? os::kAllSignals : self.signal_mask);
        }
        const bool expires = timed && state == ThreadState::kSleeping;
        spin_then_park(*self.lwp, expires ? &until : nullptr);
        state = self.state.load(memory_order_acquire);  // acquire: as above
        if (expires && state == ThreadState::kSleeping && os::now(until.clock) >= until.ns &&
            timeout_hook(self, self.timed_wait)) {
            make_runnable(self, self);
        }
        // relaxed: set on this LWP.
        if (self.lwp->signal_deferred.load(memory_order_relaxed) != 0) {
            interrupt_hook(self);
        }
        state = self.state.load(memory_order_acquire);  // acquire: as above
    }
    // relaxed: this LWP only.
    if (closed && self.lwp->signal_deferred.load(memory_order_relaxed) == 0) {
        os::set_kernel_mask(self.signal_mask);
    }
}

}  // namespace lt
