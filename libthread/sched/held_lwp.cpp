#include "sched/held_lwp.h"

#include "lwp/pool.h"
#include "sched/clock_lwp.h"
#include "sched/critical.h"
#include "sched/dispatch.h"
#include "sched/poll_hooks.h"
#include "sched/run_queue.h"
#include "sched/settings.h"
#include "sched/shared_queues.h"

namespace lt {

void expect_to_block(Thread& self) noexcept
{
    if (self.has(kFlagBound) || self.has(kFlagIdle)) {
        return;
    }
    const CriticalRegion region{self};
    // Whoever waits behind this thread is for other LWPs.
    while (Thread* thread = self.lwp->run_queue->take()) {
        shared_queues.push(*thread);
    }
    if (shared_queues.size() == 0 && !lacks_watcher()) {
        return;
    }
    notify_clock_of_work();
    if (idle_lwps.searching() != 0 || idle_lwps.wake_one() || settings.growth == Growth::kFixed) {
        return;
    }
    // relaxed: a bound that may be passed by as many LWPs as call at once.
    if (process.pool_lwps.load(memory_order_relaxed) < process.max_lwps && use_spare_lwp()) {
        process.growths.fetch_add(1, memory_order_relaxed);  // relaxed: a counter for people
        kick_clock();                                        // it makes the next spare
    }
}

}  // namespace lt
