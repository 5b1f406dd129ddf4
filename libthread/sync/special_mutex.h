// Mutexes that need book-keeping beyond their word: robust ones and those with a priority protocol,
// of either scope. Each is in the holder's list (sync/holds.h).
#pragma once

#include "base/error.h"
#include "sched/thread.h"
#include "sync/object_layout.h"

namespace lt {

inline bool is_special(const MutexWords& mutex)
{
    return LT_UNLIKELY((mutex.type & kTypeSpecial) != 0);
}

// A first hold, never a further one of a recursive mutex. kOwnerDead, kUnmapped: the caller has it,
// and it is inconsistent. Without it: kNotRecoverable, kNoMemory; kPermission and kInvalid as
// check_ceiling() says; the try form kBusy.
Error lock_special_mutex(Thread& self, MutexWords& mutex) noexcept;
Error try_lock_special_mutex(Thread& self, MutexWords& mutex) noexcept;

inline bool was_taken(Error error)
{
    return error == Error::kNone || error == Error::kOwnerDead || error == Error::kUnmapped;
}

// By the owner; an inconsistent one becomes unrecoverable. Does not give way to who is woken; may
// be called in a critical region.
void unlock_special_mutex(Thread& self, MutexWords& mutex) noexcept;

bool owns_special_mutex(const Thread& self, const MutexWords& mutex) noexcept;

// mutex_consistent: kInvalid unless robust, inconsistent and the caller's.
Error make_consistent(Thread& self, MutexWords& mutex) noexcept;

// The end of a thread: robust mutexes that it holds pass to the next with kOwnerDead.
void abandon_mutexes(Thread& self) noexcept;

}  // namespace lt
