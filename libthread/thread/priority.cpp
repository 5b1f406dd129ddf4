#include "thread/priority.h"

#include "sched/critical.h"
#include "sched/priority.h"
#include "sched/scheduler.h"
#include "sync/inherit.h"
#include "thread/registry.h"

namespace lt {

Error set_priority(Thread& self, std::uint32_t id, int priority) noexcept
{
    {
        const CriticalRegion region{self};
        Thread* target = nullptr;
        bool changed = false;
        {
            const LifeGuard guard{id};
            target = find_thread(id);
            if (!is_live(target)) {
                return Error::kNoSuchThread;
            }
            if (priority < 0 || priority > kMaxPriority) {
                return Error::kInvalid;
            }
            const SpinGuard own{priority_lock};
            target->priority = static_cast<std::uint8_t>(priority);
            changed = update_level(*target);
        }
        if (changed && target != &self) {
            pass_on_level(*target);
        }
    }
    preempt_if_outranked(self);
    return Error::kNone;
}

Error get_priority(Thread& self, std::uint32_t id, int& priority) noexcept
{
    const CriticalRegion region{self};
    const LifeGuard guard{id};
    const Thread* target = find_thread(id);
    if (!is_live(target)) {
        return Error::kNoSuchThread;
    }
    priority = target->priority;
    return Error::kNone;
}

}  // namespace lt
