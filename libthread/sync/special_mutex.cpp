#include "sync/special_mutex.h"

#include "os/task.h"
#include "sched/critical.h"
#include "sync/holds.h"
#include "sync/inherit.h"
#include "sync/mutex.h"
#include "sync/robust_shared.h"
#include "sync/shared.h"

namespace lt {
namespace {

enum class Mode : bool { kWait, kTry };

bool is_shared(const MutexWords& mutex)
{
    return (mutex.type & kTypeShared) != 0;
}

bool is_robust(const MutexWords& mutex)
{
    return (mutex.type & kTypeRobust) != 0;
}

bool has_protocol(const MutexWords& mutex)
{
    return (mutex.type & (kTypeInherit | kTypeProtect)) != 0;
}

bool take_word(Thread& self, MutexWords& mutex, Mode mode)
{
    if ((mutex.type & kTypeInherit) != 0) {
        if (mode == Mode::kTry) {
            return try_acquire_inheriting(self, mutex);
        }
        acquire_inheriting(self, mutex);
        return true;
    }
    if (mode == Mode::kTry) {
        return try_take_mutex(self, mutex);
    }
    acquire_mutex(self, mutex, Arrival::kFresh);
    return true;
}

void free_word(Thread& self, MutexWords& mutex)
{
    if (is_shared(mutex)) {
        unlock_shared_mutex(mutex);
    } else if ((mutex.type & kTypeInherit) != 0) {
        release_inheriting(self, mutex);
    } else {
        release_mutex(self, mutex);
    }
}

// With the word taken, in a critical region: enters it among the caller's holds.
bool note_hold(Thread& self, MutexWords& mutex)
{
    Hold* hold = free_hold(self);
    if (hold == nullptr) {
        free_word(self, mutex);
        return false;
    }
    *hold = {};
    hold->object = &mutex;
    return true;
}

// A robust mutex of this process that the caller has taken.
Error judge(Thread& self, MutexWords& mutex)
{
    // relaxed: written by owners, ordered by the word.
    const std::uint32_t flags = mutex.flags.load(memory_order_relaxed);
    if ((flags & kMutexUnrecoverable) != 0) {
        unlock_special_mutex(self, mutex);  // and so the next waiter learns of it
        return Error::kNotRecoverable;
    }
    return (flags & kMutexOwnerDead) != 0 ? Error::kOwnerDead : Error::kNone;
}

Error take_private(Thread& self, MutexWords& mutex, Mode mode)
{
    const CriticalRegion region{self};
    if (!take_word(self, mutex, mode)) {
        return Error::kBusy;
    }
    if (!note_hold(self, mutex)) {
        return Error::kNoMemory;
    }
    return is_robust(mutex) ? judge(self, mutex) : Error::kNone;
}

// Not robust: with a ceiling, or inheriting in name only.
Error take_shared(Thread& self, MutexWords& mutex, Mode mode)
{
    if (mode == Mode::kWait) {
        lock_shared_mutex(self, mutex);
    } else if (!try_lock_shared_mutex(self, mutex)) {
        return Error::kBusy;
    }
    const CriticalRegion region{self};
    return note_hold(self, mutex) ? Error::kNone : Error::kNoMemory;
}

Error take(Thread& self, MutexWords& mutex, Mode mode)
{
    if (!is_shared(mutex)) {
        return take_private(self, mutex, mode);
    }
    if (!is_robust(mutex)) {
        return take_shared(self, mutex, mode);
    }
    return mode == Mode::kWait ? lock_robust_shared(self, mutex)
                               : try_lock_robust_shared(self, mutex);
}

Error lock(Thread& self, MutexWords& mutex, Mode mode)
{
    if ((mutex.type & kTypeProtect) == 0) {
        return take(self, mutex, mode);
    }
    if (const Error error = check_ceiling(self, mutex); error != Error::kNone) {
        return error;
    }
    const Error error = take(self, mutex, mode);
    if (!was_taken(error)) {
        return error;
    }
    const CriticalRegion region{self};
    if (!settle_inheritance(self)) {
        unlock_special_mutex(self, mutex);
        return Error::kPermission;
    }
    return error;
}

void abandon(Hold& hold, void* argument)
{
    if (hold.count != 0) {
        return;  // a readers/writer lock
    }
    Thread& self = *static_cast<Thread*>(argument);
    auto& mutex = *static_cast<MutexWords*>(const_cast<void*>(hold.object));
    if (!os::is_mapped(&mutex) || !is_robust(mutex) || !owns_special_mutex(self, mutex)) {
        if (hold.listed) {
            forget_robust_shared(hold);
        }
        hold = {};
        return;
    }
    if (is_shared(mutex)) {
        abandon_robust_shared(hold);
        return;
    }
    hold = {};
    mutex.recursion = 0;
    mutex.flags.fetch_or(kMutexOwnerDead, memory_order_relaxed);  // relaxed: ordered by the word
    free_word(self, mutex);
}

}  // namespace

Error lock_special_mutex(Thread& self, MutexWords& mutex) noexcept
{
    return lock(self, mutex, Mode::kWait);
}

Error try_lock_special_mutex(Thread& self, MutexWords& mutex) noexcept
{
    return lock(self, mutex, Mode::kTry);
}

void unlock_special_mutex(Thread& self, MutexWords& mutex) noexcept
{
    const CriticalRegion region{self};
    const bool settles = has_protocol(mutex);
    if (is_shared(mutex) && is_robust(mutex)) {
        unlock_robust_shared(self, mutex);
    } else {
        if (Hold* hold = find_hold(self, &mutex)) {
            *hold = {};
        }
        // relaxed, both: written by owners, ordered by the word.
        const std::uint32_t flags = mutex.flags.load(memory_order_relaxed);
        if (is_robust(mutex) && (flags & kMutexOwnerDead) != 0) {
            mutex.flags.store((flags & ~kMutexState) | kMutexUnrecoverable, memory_order_relaxed);
        }
        free_word(self, mutex);
    }
    if (settles) {
        settle_inheritance(self);
    }
}

bool owns_special_mutex(const Thread& self, const MutexWords& mutex) noexcept
{
    if (is_shared(mutex) && is_robust(mutex)) {
        return owns_robust_shared(self, mutex);
    }
    // relaxed: only our own id could be there by our own doing.
    return (mutex.word.load(memory_order_relaxed) & kMutexOwner) == self.number() &&
           (!is_shared(mutex) || is_own_process(mutex.process));
}

Error make_consistent(Thread& self, MutexWords& mutex) noexcept
{
    // relaxed, both: the caller's, if it is.
    if (!is_robust(mutex) || !owns_special_mutex(self, mutex) ||
        (mutex.flags.load(memory_order_relaxed) & kMutexOwnerDead) == 0) {
        return Error::kInvalid;
    }
    // relaxed: published with the word.
    mutex.flags.fetch_and(~(kMutexOwnerDead | kMutexUnmapped), memory_order_relaxed);
    return Error::kNone;
}

void abandon_mutexes(Thread& self) noexcept
{
    if (LT_LIKELY(self.holds == nullptr)) {
        return;
    }
    const CriticalRegion region{self};
    for_each_hold(self, abandon, &self);
}

}  // namespace lt
