#include "io/sleep.h"

#include "io/waiter.h"
#include "os/clock.h"
#include "sched/critical.h"
#include "sched/scheduler.h"
#include "sync/cancellation.h"
#include "sync/sleep_queue.h"

namespace lt::io {

Error sleep_until(Thread& self, const Deadline& deadline, std::int64_t now)
{
    act_on_cancellation(self);
    const HandlersSeen before{self};
    const std::int64_t since = deadline.clock == Clock::kMonotonic ? now : os::coarse_now();
    if (now >= deadline.ns) {
        yield(self);
        return Error::kNone;
    }
    for (;;) {
        enter_critical(self);
        if (before.interrupt(self, false)) {
            leave_critical(self);
            return Error::kInterrupted;
        }
        const WakeCause cause = sleep_alone(self, WaitKind::kSleep, &deadline, since);
        leave_critical(self);  // pending handlers run here
        if (cause == WakeCause::kTimedOut) {
            return Error::kNone;
        }
        act_on_cancellation(self);
        if (os::now(deadline.clock) >= deadline.ns) {
            return before.interrupt(self, false) ? Error::kInterrupted : Error::kNone;
        }
    }
}

}  // namespace lt::io
