// Process-shared objects: state in the object's words alone, which may lie at different addresses
// in different processes, and waiters in the kernel. A thread that waits keeps its LWP. None of
// these may be called in a critical region, but to unlock. Owners that die keep what they hold
// (sync/robust_shared.h: not those).
#pragma once

#include "base/deadline.h"
#include "base/error.h"
#include "sched/thread.h"
#include "sync/object_layout.h"

namespace lt {

// Whether the calling process is the one that an owner has left in `mark`.
bool is_own_process(const Atomic<std::uint32_t>& mark) noexcept;

LT_NOINLINE void lock_shared_mutex(Thread& self, MutexWords& mutex) noexcept;
bool try_lock_shared_mutex(Thread& self, MutexWords& mutex) noexcept;
void unlock_shared_mutex(MutexWords& mutex) noexcept;

// How a wait for a condition ended, as below, and what taking the mutex again said.
struct Waited {
    WakeCause cause = WakeCause::kWoken;
    Error retaken = Error::kNone;
};

// Frees and retakes the mutex, which may be of either scope.
LT_NOINLINE Waited wait_shared_cond(Thread& self, CondWords& cond, MutexWords& mutex,
                                    const Deadline* deadline) noexcept;
LT_NOINLINE void signal_shared_cond(CondWords& cond) noexcept;
LT_NOINLINE void broadcast_shared_cond(CondWords& cond) noexcept;

// kWoken: the semaphore was taken. kCancelled: a signal ended the wait, and the caller is
// cancelled.
LT_NOINLINE WakeCause wait_shared_sema(Thread& self, SemaWords& sema,
                                       const Deadline* deadline) noexcept;

// The state of a shared readers/writer lock; who may ask for what is sync/rwlock.cpp's business.
// kRecursive: a reader that holds the lock already goes past waiting writers.
enum class ReadEntry : bool { kFirst, kRecursive };
bool try_read_shared(RwlockWords& lock, ReadEntry entry) noexcept;
void read_shared(RwlockWords& lock) noexcept;
bool try_write_shared(Thread& self, RwlockWords& lock) noexcept;
void write_shared(Thread& self, RwlockWords& lock) noexcept;
void end_read_shared(RwlockWords& lock) noexcept;
void end_write_shared(RwlockWords& lock) noexcept;

}  // namespace lt
