#include "sched/poll_hooks.h"

#include "lwp/pool.h"
#include "os/clock.h"
#include "sched/clock_lwp.h"

namespace lt {

constinit Atomic<std::uint32_t> descriptor_sleepers{0};
constinit Atomic<Lwp*> descriptor_watcher{nullptr};
constinit PollHooks poll_hooks;

bool has_reason_to_look(Lwp& lwp) noexcept
{
    if (wants_polling() || has_timeouts_due(os::monotonic_now())) {
        return true;
    }
    lwp.picks_since_look = 0;
    return false;
}

bool look_outside(Thread& self, Lwp& lwp) noexcept
{
    lwp.picks_since_look = 0;
    const bool polls = wants_polling();
    if (polls) {
        poll_hooks.poll(self);
    }
    if (!has_timeouts()) {
        return polls;
    }
    const std::int64_t now = os::monotonic_now();
    const bool due = has_timeouts_due(now);
    if (due) {
        expire_timeouts(self, now);
    }
    return polls || due;
}

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
