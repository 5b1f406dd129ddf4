// Priority protocols of mutexes. LOCK_PRIO_INHERIT (process-private): while somebody waits, the
// owner's level is at least the waiter's, through chains of owners that wait themselves; a bound
// thread of the kernel's real-time classes also lends a bound owner its priority there.
// LOCK_PRIO_PROTECT: a real-time thread runs at the ceiling while it holds the mutex.
#pragma once

#include "base/error.h"
#include "sched/thread.h"
#include "sync/object_layout.h"

namespace lt {

// On an inheriting mutex, in a critical region of depth 1 (release: any depth). All under the lock
// of its sleep queue, so that the owner is always known: there is no quick path.
void acquire_inheriting(Thread& self, MutexWords& mutex) noexcept;
bool try_acquire_inheriting(Thread& self, MutexWords& mutex) noexcept;
void release_inheriting(Thread& self, MutexWords& mutex) noexcept;

// Whether the caller may take a mutex with a ceiling. kPermission: it is no real-time thread;
// kInvalid: its priority is above the ceiling.
Error check_ceiling(Thread& self, const MutexWords& mutex) noexcept;

// After the caller's holds have changed: it inherits from those it has, and no others. False: the
// kernel refused the priority.
bool settle_inheritance(Thread& self) noexcept;

// After a change of the thread's level: brings it to its place wherever it stands, and passes the
// level on to the owner of the mutex that it waits for. In a critical region, without locks.
void pass_on_level(Thread& thread) noexcept;

}  // namespace lt
