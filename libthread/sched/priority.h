// Priorities as the scheduler sees them: a thread's own, and what it inherits.
#pragma once

#include "os/spinlock.h"
#include "sched/thread.h"

namespace lt {

// Guards `priority` and `inherited` of every thread, and the changes of `effective`. Leaf.
extern SpinLock priority_lock;

// Makes the thread's level what its priority and its inheritance say; true: it has changed, and
// its place in whatever queue it stands is to be looked at: sync/inherit.h, pass_on_level().
[[nodiscard]] bool update_level(Thread& thread) noexcept LT_REQUIRES(priority_lock);

}  // namespace lt
