// Condition variables.
#pragma once

#include "base/deadline.h"
#include "base/error.h"
#include "sched/thread.h"
#include "sync/object_layout.h"

namespace lt {

// Frees the mutex, sleeps until signalled, takes the mutex again: at whatever depth it was held.
// kPermission, with nothing done: an error-checking mutex that the caller does not hold. kTimedOut;
// kInterrupted: a handler was run. Acts on a cancellation, with the mutex held; not noexcept, as
// the stack is unwound then. Errors of
// lock_special_mutex() tell of the mutex, whatever ended the wait. A signal that was meant for the
// caller is never lost to another error.
Error wait_cond(Thread& self, CondWords& cond, MutexWords& mutex, const Deadline* deadline);

// Wakes the first waiter; does nothing when there is none.
void signal_cond(Thread& self, CondWords& cond) noexcept;

// Wakes all waiters: one of them if the mutex is free, while the others are moved to the mutex.
void broadcast_cond(Thread& self, CondWords& cond) noexcept;

}  // namespace lt
