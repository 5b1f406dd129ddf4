// Mutexes. The uncontended paths are inline; a thread that must wait sleeps in the queue of the
// mutex's address (process-shared ones: in the kernel, sync/shared.h).
#pragma once

#include "base/compiler.h"
#include "base/error.h"
#include "sched/thread.h"
#include "sync/object_layout.h"

namespace lt {

LT_NOINLINE Error lock_mutex_slow(Thread& self, MutexWords& mutex) noexcept;
LT_NOINLINE Error unlock_mutex_slow(Thread& self, MutexWords& mutex) noexcept;

// kDeadlock: an error-checking mutex that the caller holds, or a normal one in a process with one
// thread. kLimit: 256 recursive holds.
inline Error lock_mutex(Thread& self, MutexWords& mutex) noexcept
{
    std::uint32_t free = 0;
    // relaxed: our own id. acquire: what the previous owner wrote is visible.
    if (LT_LIKELY(mutex.type == 0) &&
        LT_LIKELY(mutex.word.compare_exchange_strong(free, self.number(), memory_order_acquire,
                                                     memory_order_relaxed))) {
        mutex.owner.store(&self, memory_order_relaxed);  // relaxed: a hint for those who spin
        return Error::kNone;
    }
    return lock_mutex_slow(self, mutex);
}

// kBusy: held by anyone; the owner of a recursive one gets it again, or kLimit. Both locks: on
// special mutexes also the errors of lock_special_mutex().
Error try_lock_mutex(Thread& self, MutexWords& mutex) noexcept;

// kPermission: an error-checking or special mutex that the caller does not hold. A normal one may
// be unlocked by any thread. Nothing is read from the mutex once it is free: it may be gone.
inline Error unlock_mutex(Thread& self, MutexWords& mutex) noexcept
{
    // relaxed: our own id. release: pairs with the acquire of the next owner.
    std::uint32_t mine = self.number();
    if (LT_LIKELY(mutex.type == 0) && LT_LIKELY(mutex.word.compare_exchange_strong(
                                          mine, 0, memory_order_release, memory_order_relaxed))) {
        return Error::kNone;
    }
    return unlock_mutex_slow(self, mutex);
}

bool holds_mutex(Thread& self, MutexWords& mutex) noexcept;

// --- For conditions: without the checks of a type, and leaving MutexWords::recursion alone.

// Frees and takes a mutex of either scope. Not in a critical region.
void drop_mutex(Thread& self, MutexWords& mutex) noexcept;
// Errors of the latter: those of lock_special_mutex().
Error retake_mutex(Thread& self, MutexWords& mutex) noexcept;

// The rest in a critical region of depth 1, on a process-private mutex.

// Frees a mutex that nobody waits for; false: it must be done by release_mutex(). Takes no lock, so
// the caller may hold a sleep queue's.
inline bool release_quiet_mutex(Thread& self, MutexWords& mutex) noexcept
{
    // relaxed: our own id. release: as unlock_mutex().
    std::uint32_t mine = self.number();
    return mutex.word.compare_exchange_strong(mine, 0, memory_order_release, memory_order_relaxed);
}

// Frees the mutex and wakes who is to be woken.
void release_mutex(Thread& self, MutexWords& mutex) noexcept;

// The thread woken for the mutex was suspended: another one is woken in its place, or will be when
// the mutex is released. Safe as long as the suspended thread cannot be continued.
void pass_on_mutex(Thread& self, MutexWords& mutex) noexcept;

// Whether a thread going for the mutex was woken for it, and so may clear kMutexWoken.
enum class Arrival : bool { kFresh, kWoken };

// Takes the mutex if it is free.
bool try_take_mutex(Thread& self, MutexWords& mutex) noexcept;

// Takes the mutex; sleeps if need be and runs handlers in between.
void acquire_mutex(Thread& self, MutexWords& mutex, Arrival arrival) noexcept;

}  // namespace lt
