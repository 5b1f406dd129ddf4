#include "sched/priority.h"

namespace lt {

constinit SpinLock priority_lock;

bool update_level(Thread& thread) noexcept
{
    const std::uint8_t level =
        thread.inherited > thread.priority ? thread.inherited : thread.priority;
    if (thread.level() == level) {
        return false;
    }
    thread.effective.store(level, memory_order_relaxed);  // relaxed: see Thread::level()
    return true;
}

}  // namespace lt
