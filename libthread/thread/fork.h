// What fork needs of the files of this layer.
#pragma once

#include "base/annotations.h"
#include "sched/thread.h"

namespace lt {

// Registers the library's handlers, once, ahead of the program's.
void start_fork_handling() noexcept;

// The locks of thread/keys.cpp and thread/stack_cache.cpp, held over a fork.
void lock_keys() noexcept;
void unlock_keys() noexcept;
void lock_stack_cache() noexcept;
void unlock_stack_cache() noexcept;

// The life lock's shard of an id, for suspensions. glibc's fork waits for malloc's locks, one of
// which a suspended thread may have, while the forking thread holds the library's. Until the child
// is made, who suspends and continues visits: one at a time, in the forking thread's place, which
// changes nothing meanwhile. Returns whether this is a visit. In a critical region.
bool lock_life_or_visit(std::uint32_t id) noexcept LT_NO_TSA;
void leave_life(bool visit, std::uint32_t id) noexcept LT_NO_TSA;

// On a visit: whether the thread is the one that forks. It is in no code of the program's before it
// has looked at its requests.
bool is_forking(const Thread& thread) noexcept LT_NO_TSA;

}  // namespace lt
