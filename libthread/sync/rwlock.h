// Readers/writer locks. Waiters are served by priority, writers before readers, and the lock is
// handed to them: it is never free while one waits.
#pragma once

#include "base/error.h"
#include "sched/thread.h"
#include "sync/object_layout.h"

namespace lt {

// Errors, in this order of precedence:
//   kDeadlock    (kBusy in the try forms) the caller holds the lock in a way that excludes this
//   kLimit       too many read holds of the caller
//   kBusy        try forms: somebody else holds it, or a writer waits that goes first
Error lock_read(Thread& self, RwlockWords& lock) noexcept;
Error try_lock_read(Thread& self, RwlockWords& lock) noexcept;
Error lock_write(Thread& self, RwlockWords& lock) noexcept;
Error try_lock_write(Thread& self, RwlockWords& lock) noexcept;

// kPermission: the caller does not hold it.
Error unlock_rwlock(Thread& self, RwlockWords& lock) noexcept;

bool holds_read(Thread& self, RwlockWords& lock) noexcept;
bool holds_write(Thread& self, RwlockWords& lock) noexcept;

}  // namespace lt
