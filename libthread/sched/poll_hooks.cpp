#include "sched/poll_hooks.h"

#include "lwp/pool.h"
#include "sched/clock_lwp.h"

namespace lt {

constinit Atomic<std::uint32_t> descriptor_sleepers{0};
constinit Atomic<Lwp*> descriptor_watcher{nullptr};
constinit PollHooks poll_hooks;

void find_watcher() noexcept
{
    if (!lacks_watcher()) {
        return;
    }
    if (idle_lwps.count() != 0 && idle_lwps.searching() == 0) {
        idle_lwps.wake_one();
    }
    notify_clock_of_work();
}

}  // namespace lt
