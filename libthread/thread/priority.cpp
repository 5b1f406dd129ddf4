#include "thread/priority.h"

#include "sched/critical.h"
#include "sched/scheduler.h"
#include "sched/shared_queues.h"
#include "thread/registry.h"

namespace lt {

Error set_priority(Thread& self, std::uint32_t id, int priority) noexcept
{
    {
        const CriticalRegion region{self};
        const SpinGuard guard{life_lock};
        Thread* target = find_thread(id);
        if (!is_live(target)) {
            return Error::kNoSuchThread;
        }
        if (priority < 0 || priority > kMaxPriority) {
            return Error::kInvalid;
        }
        const auto level = static_cast<std::uint8_t>(priority);
        target->priority = level;
        shared_queues.change_priority(*target, level);
    }
    preempt_if_outranked(self);
    return Error::kNone;
}

Error get_priority(Thread& self, std::uint32_t id, int& priority) noexcept
{
    const CriticalRegion region{self};
    const SpinGuard guard{life_lock};
    const Thread* target = find_thread(id);
    if (!is_live(target)) {
        return Error::kNoSuchThread;
    }
    priority = target->priority;
    return Error::kNone;
}

}  // namespace lt
