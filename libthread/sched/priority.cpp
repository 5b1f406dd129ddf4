#include "sched/priority.h"

namespace lt {

constinit SpinLock priority_lock;

bool update_level(Thread& thread) noexcept
{
    const std::uint8_t inherited = thread.inherited.level;
    const std::uint8_t level = inherited > thread.priority ? inherited : thread.priority;
    if (thread.level() == level) {
        return false;
    }
    thread.effective.store(level, memory_order_relaxed);  // relaxed: see Thread::level()
    return true;
}

}  // namespace lt
