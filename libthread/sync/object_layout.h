// What lies in the words of mutex_t, cond_t, sema_t and rwlock_t. Types and magic numbers lie where
// Solaris has them; the rest is the library's. All zeros is a free object of this process. [I7]
#pragma once

#include <synch.h>

#include <cstddef>
#include <cstdint>

#include "base/atomic.h"
#include "sched/thread.h"

namespace lt {

// Bits of an object's type.
inline constexpr std::uint32_t kTypeShared = USYNC_PROCESS;
inline constexpr std::uint32_t kTypeErrorCheck = LOCK_ERRORCHECK;
inline constexpr std::uint32_t kTypeRecursive = LOCK_RECURSIVE;
inline constexpr std::uint32_t kTypeRobust = LOCK_ROBUST;
inline constexpr std::uint32_t kTypeOldRobust = USYNC_PROCESS_ROBUST;  // besides the two it means
inline constexpr std::uint32_t kTypeInherit = LOCK_PRIO_INHERIT;
inline constexpr std::uint32_t kTypeProtect = LOCK_PRIO_PROTECT;
inline constexpr std::uint32_t kTypeSpecial = kTypeRobust | kTypeInherit | kTypeProtect;

// MutexWords::word: the owner's id, 0 when free, and two marks.
inline constexpr std::uint32_t kMutexOwner = 0x3fffffff;
// Threads sleep on it: set under the sleep queue's lock (shared: by those about to sleep).
inline constexpr std::uint32_t kMutexWaiters = 0x80000000;
// Private only: one woken thread is on its way to take it; nobody else need be woken meanwhile.
inline constexpr std::uint32_t kMutexWoken = 0x40000000;

// MutexWords::flags, of special mutexes only. State of a robust one: its owner has died and nobody
// has made it consistent; it is lost; its owner has unmapped it.
inline constexpr std::uint32_t kMutexOwnerDead = 1;
inline constexpr std::uint32_t kMutexUnrecoverable = 2;
inline constexpr std::uint32_t kMutexUnmapped = 4;
inline constexpr std::uint32_t kMutexState = 7;
// Shared and robust: the owner's process; 0: none, or being noted.
inline constexpr unsigned kMutexProcessShift = 3;
inline constexpr std::uint32_t kMutexProcess = 0x3fffffU << kMutexProcessShift;
// Private and inheriting: what the owner inherits by it, in the library's scale and the kernel's.
inline constexpr unsigned kMutexLevelShift = 8;
inline constexpr std::uint32_t kMutexLevel = 0xffU << kMutexLevelShift;
inline constexpr unsigned kMutexRealtimeShift = 16;
inline constexpr std::uint32_t kMutexRealtime = 0x7fU << kMutexRealtimeShift;
// With a ceiling: the ceiling. Shared and robust without: the tag of the owner's namespace of ids.
inline constexpr unsigned kMutexCeilingShift = 25;
inline constexpr std::uint32_t kMutexCeiling = 0x7fU << kMutexCeilingShift;

struct MutexWords {
    // Of special mutexes. Written by mutex_init, by owners, and as sync/inherit.cpp says.
    Atomic<std::uint32_t> flags;
    std::uint8_t type;       // written by mutex_init only
    std::uint8_t recursion;  // holds less one; the owner's
    std::uint16_t magic;
    // Shared: the owner's process; if robust, the owning thread, as the word has the process's
    // keeper. Written by the owner alone, 0 before it lets go.
    Atomic<std::uint32_t> process;
    // Written by everyone, by compare-and-swap, or by a releasing owner under the sleep queue's
    // lock.
    Atomic<std::uint32_t> word;
    union {
        // Private: the last owner, for those who consider spinning; checked against `word`, as it
        // may be old. Written by the owner. Inheriting: exact, under the sleep queue's lock.
        Atomic<Thread*> owner;
        // Shared and robust: the kernel's list of what the process holds. In its address space.
        Atomic<std::uintptr_t> link;
    };
};

inline std::uint8_t ceiling_of(const MutexWords& mutex)
{
    // relaxed: written by mutex_init only.
    return static_cast<std::uint8_t>(mutex.flags.load(memory_order_relaxed) >> kMutexCeilingShift);
}

struct CondWords {
    std::uint32_t flags;
    std::uint16_t type;
    std::uint16_t magic;
    // Private: whether anyone may sleep here. Written under the sleep queue's lock.
    Atomic<std::uint32_t> waiters;
    // Shared: the futex. Bit 0: someone may wait; the rest counts signals.
    Atomic<std::uint32_t> sequence;
};

// SemaWords as one number: bits 0-31 the count, then type and marks of waiters, then the magic.
inline constexpr std::uint64_t kSemaShared = std::uint64_t{USYNC_PROCESS} << 32;
// Shared: how many wait, up to 16383, from where it sticks.
inline constexpr std::uint64_t kSemaOneWaiter = std::uint64_t{1} << 33;
inline constexpr std::uint64_t kSemaWaiterCount = std::uint64_t{0x3fff} << 33;
// Private: someone may sleep here. Only while the count is 0.
inline constexpr std::uint64_t kSemaSleepers = std::uint64_t{1} << 47;

struct alignas(8) SemaWords {
    std::uint32_t count;
    std::uint16_t type;
    std::uint16_t magic;
    std::uint32_t unused[10];
};

// RwlockWords::state.
inline constexpr std::uint32_t kRwWaiters = 0x80000000;
inline constexpr std::uint32_t kRwWriteHeld = 0x40000000;
inline constexpr std::uint32_t kRwReaders = 0x3fffffff;

struct RwlockWords {
    Atomic<std::uint32_t> state;
    std::uint16_t type;
    std::uint16_t magic;
    // The writing thread; 0 before it lets go. Written by the writer, or by who hands over to it.
    Atomic<std::uint32_t> writer;
    // Shared: the writer's process, likewise.
    Atomic<std::uint32_t> writer_process;
    // Shared: threads that wait to write. Written by them.
    Atomic<std::uint32_t> writers_waiting;
    std::uint32_t unused[11];
};

static_assert(sizeof(MutexWords) == sizeof(mutex_t) && sizeof(mutex_t) == 24);
static_assert(offsetof(MutexWords, type) == 4 && offsetof(MutexWords, recursion) == 5);
static_assert(offsetof(MutexWords, magic) == 6 && offsetof(MutexWords, process) == 8);
static_assert(offsetof(MutexWords, word) == 12 && offsetof(MutexWords, owner) == 16);
static_assert(sizeof(CondWords) == sizeof(cond_t) && sizeof(cond_t) == 16);
static_assert(offsetof(CondWords, type) == 4 && offsetof(CondWords, magic) == 6);
static_assert(sizeof(SemaWords) == sizeof(sema_t) && sizeof(sema_t) == 48);
static_assert(offsetof(SemaWords, count) == 0 && offsetof(SemaWords, type) == 4);
static_assert(offsetof(SemaWords, magic) == 6);
static_assert(sizeof(RwlockWords) == sizeof(rwlock_t) && sizeof(rwlock_t) == 64);
static_assert(offsetof(RwlockWords, state) == 0 && offsetof(RwlockWords, type) == 4);
static_assert(offsetof(RwlockWords, magic) == 6);
static_assert(Atomic<std::uint64_t>::is_always_lock_free);

// The only casts between the public objects and their words. Nothing else in the library looks into
// a public object.
inline MutexWords& words_of(mutex_t* object)
{
    return *reinterpret_cast<MutexWords*>(object);
}
inline CondWords& words_of(cond_t* object)
{
    return *reinterpret_cast<CondWords*>(object);
}
inline SemaWords& words_of(sema_t* object)
{
    return *reinterpret_cast<SemaWords*>(object);
}
inline RwlockWords& words_of(rwlock_t* object)
{
    return *reinterpret_cast<RwlockWords*>(object);
}

// Count, type, marks and magic change together.
inline Atomic<std::uint64_t>& state_of(SemaWords& sema)
{
    return *reinterpret_cast<Atomic<std::uint64_t>*>(&sema);
}

// The futex of a shared semaphore: its count.
inline const Atomic<std::uint32_t>& count_of(SemaWords& sema)
{
    return *reinterpret_cast<const Atomic<std::uint32_t>*>(&sema);
}

template <class Object>
constexpr bool is_aligned(const Object* object)
{
    return reinterpret_cast<std::uintptr_t>(object) % 8 == 0;
}

// Marks left in Thread::wait_token by whoever takes a thread off a mutex's or a condition's queue,
// or by the thread itself for the next one to see.
enum WaitToken : std::uint64_t {
    kTokenOwner = 1,     // the mutex was handed over: the sleeper owns it
    kTokenMoved = 2,     // a broadcast moved it from the condition to the mutex
    kTokenLost = 4,      // it has been woken for the mutex before and did not get it
    kTokenSignalled = 8  // it was signalled between queueing and sleeping
};

}  // namespace lt
