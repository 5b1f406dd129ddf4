// The word of a free mutex is 0; that of a held one names the owner process's keeper, a kernel task
// that lives as long as the process does (sched/keeper.h). `process` names the owning thread, and
// `flags` the owner's process id. All mutexes that the process holds hang on the keeper's robust
// list. Nobody dies unnoticed:
//   1. A taker first notes the mutex as pending, then takes the word, then hangs it on the list,
//      then drops the note. Who gives up notes it, takes it off, frees the word, wakes a waiter,
//      drops the note. At every instruction between, the mutex is on the list or noted, or free.
//   2. When the process dies or execs, the kernel ends the keeper and marks the word of everything
//      on the list and the pending one that still names the keeper; it wakes a waiter. One note
//      serves all threads, as they hold `list_lock` from first to last.
//   3. The keeper may end a moment before a thread of the same process on another processor: who
//      finds the mark waits for the end of the process (at most kGrace) before it returns.
//   4. A thread that ends is no death to the kernel: abandon_robust_shared() leaves the same mark.
//   5. A waiter sleeps for no longer than its patience. So it survives what the kernel does not
//      do: it looks at 2048 locks of a process at most, stops at one whose memory is gone, and a
//      waiter that was woken and then killed takes its wake-up along. If the owner's keeper is
//      gone, the waiter leaves the mark itself; a mutex that is free it takes.
//   6. The mark goes when the next owner takes the word, in the same step; if that one dies before
//      it has noted "inconsistent" in `flags`, the mark comes back by 2.
#include "sync/robust_shared.h"

#include <cerrno>

#include "os/clock.h"
#include "os/futex.h"
#include "os/spinlock.h"
#include "os/syscall.h"
#include "os/task.h"
#include "sched/critical.h"
#include "sched/keeper.h"
#include "sync/holds.h"

namespace lt {
namespace {

constexpr std::uint32_t kOwnerDied = 0x40000000;  // the kernel's mark
constexpr std::int64_t kFirstPatience = 50'000'000;
constexpr std::int64_t kLongestPatience = 1'000'000'000;
constexpr std::int64_t kGrace = 20'000'000;

// Guards the list: robust_list, `newest` and the links of holds and mutexes. Leaf. Held over the
// kernel's wake-up, which does not block.
constinit SpinLock list_lock;
constinit Hold* newest LT_GUARDED_BY(list_lock) = nullptr;
// This process in MutexWords::flags: its id and the tag of its namespace. Written before the keeper
// starts.
constinit Atomic<std::uint32_t> own_mark{0};
// How many are on the list. Written under the lock.
constinit Atomic<std::uint32_t> held{0};

MutexWords& mutex_of(const Hold& hold)
{
    return *static_cast<MutexWords*>(const_cast<void*>(hold.object));
}

std::uintptr_t address_of(const Atomic<std::uintptr_t>& link)
{
    return reinterpret_cast<std::uintptr_t>(&link);
}

// release on every store below: the kernel looks at any moment and must see what came before.
void note_pending(const MutexWords* mutex) LT_REQUIRES(list_lock)
{
    robust_list.pending.store(mutex != nullptr ? address_of(mutex->link) : 0, memory_order_release);
}

void hang_on_list(Hold& hold, MutexWords& mutex) LT_REQUIRES(list_lock)
{
    // relaxed: published by the next store.
    mutex.link.store(robust_list.first.load(memory_order_relaxed), memory_order_relaxed);
    robust_list.first.store(address_of(mutex.link), memory_order_release);  // release: see above
    hold = {};
    hold.object = &mutex;
    hold.listed = true;
    hold.older = newest;
    if (newest != nullptr) {
        newest->newer = &hold;
    }
    newest = &hold;
    held.store(held.load(memory_order_relaxed) + 1, memory_order_relaxed);  // relaxed: a hint
}

// Reads nothing from shared memory, where others may have written anything.
void take_off_list(Hold& hold) LT_REQUIRES(list_lock)
{
    const std::uintptr_t next = hold.older != nullptr ? address_of(mutex_of(*hold.older).link)
                                                      : address_of(robust_list.first);
    if (hold.newer != nullptr) {
        mutex_of(*hold.newer).link.store(next, memory_order_release);  // release: see above
        hold.newer->older = hold.older;
    } else {
        robust_list.first.store(next, memory_order_release);  // release: see above
        newest = hold.older;
    }
    if (hold.older != nullptr) {
        hold.older->newer = hold.newer;
    }
    hold = {};
    held.store(held.load(memory_order_relaxed) - 1, memory_order_relaxed);  // relaxed: a hint
}

struct Attempt {
    Error error = Error::kNone;  // kBusy, kNoMemory, kNotRecoverable
    std::uint32_t word = 0;      // as it was
    std::uint32_t flags = 0;     // likewise, once taken
};

// What of `flags` belongs to the mutex and not to its owner.
std::uint32_t lasting_flags(const MutexWords& mutex)
{
    return (mutex.type & kTypeProtect) != 0 ? kMutexState | kMutexCeiling : kMutexState;
}

void note_owner(const Thread& self, MutexWords& mutex, std::uint32_t flags)
{
    const std::uint32_t lasting = lasting_flags(mutex);
    // relaxed, all: written by the owner; the release of the word publishes them. A process that
    // dies in between leaves an id of 0, or of the owner before, and the mark.
    const std::uint32_t mark = own_mark.load(memory_order_relaxed);
    mutex.process.store(self.number(), memory_order_relaxed);
    mutex.flags.store((flags & lasting) | (mark & ~lasting), memory_order_relaxed);
    mutex.recursion = 0;
}

Attempt attempt(Thread& self, MutexWords& mutex, std::uint32_t marks)
{
    const CriticalRegion region{self};
    Hold* hold = free_hold(self);
    if (hold == nullptr) {
        return {Error::kNoMemory};
    }
    const std::uint32_t keeper = keeper_id.load(memory_order_relaxed);  // relaxed: started before
    const SpinGuard guard{list_lock};
    note_pending(&mutex);
    std::uint32_t word = mutex.word.load(memory_order_acquire);  // acquire: for the flags
    while ((word & kMutexOwner) == 0) {
        // relaxed: if it is not seen, it is after the exchange.
        if ((mutex.flags.load(memory_order_relaxed) & kMutexUnrecoverable) != 0) {
            note_pending(nullptr);
            return {Error::kNotRecoverable, word};
        }
        const std::uint32_t taken = keeper | (word & kMutexWaiters) | marks;
        // acquire: what the previous owner wrote is visible.
        if (mutex.word.compare_exchange_weak(word, taken, memory_order_acquire,
                                             memory_order_acquire)) {
            hang_on_list(*hold, mutex);
            const std::uint32_t flags = mutex.flags.load(memory_order_relaxed);  // relaxed: owned
            note_owner(self, mutex, flags);
            note_pending(nullptr);
            return {Error::kNone, word, flags};
        }
    }
    note_pending(nullptr);
    return {Error::kBusy, word};
}

// Frees the word, or marks it.
void give_up(Hold& hold, std::uint32_t left, int wake) LT_REQUIRES(list_lock)
{
    MutexWords& mutex = mutex_of(hold);
    note_pending(&mutex);
    take_off_list(hold);
    mutex.process.store(0, memory_order_relaxed);  // relaxed: ordered by the release below
    // release: pairs with the next owner's acquire. The mutex may be gone afterwards.
    if ((mutex.word.exchange(left, memory_order_release) & kMutexWaiters) != 0) {
        os::futex_wake(&mutex.word, wake, os::FutexScope::kShared);
    }
    note_pending(nullptr);
}

void set_state(MutexWords& mutex, std::uint32_t flags, std::uint32_t state)
{
    // relaxed: by the owner; see note_owner().
    mutex.flags.store((flags & lasting_flags(mutex) & ~kMutexState) | state, memory_order_relaxed);
}

// Whether the process that left the mark lives on: it has execed, if its id is not another's.
bool lives_on(std::uint32_t flags)
{
    const auto process = static_cast<std::int32_t>((flags & kMutexProcess) >> kMutexProcessShift);
    if (process == 0) {
        return false;
    }
    return process == os::process_id() ||
           (!os::await_end(process, kGrace) && !os::is_ending(process));
}

// What the caller, who has taken the mutex, is to know.
Error judge(MutexWords& mutex, const Attempt& taken)
{
    if ((taken.word & kOwnerDied) == 0) {
        return Error::kNone;
    }
    std::uint32_t state = (taken.flags & kMutexState) | kMutexOwnerDead;
    if (lives_on(taken.flags) && (mutex.type & kTypeOldRobust) != 0) {
        state |= kMutexUnmapped;
    }
    // relaxed: by the owner; see note_owner().
    mutex.flags.fetch_or(state, memory_order_relaxed);
    return (state & kMutexUnmapped) != 0 ? Error::kUnmapped : Error::kOwnerDead;
}

// The kernel may not have marked it: see 5. Only for owners whose ids mean the same here.
bool mark_if_gone(MutexWords& mutex, std::uint32_t word)
{
    constexpr std::uint32_t kTag = kMutexCeiling;
    // relaxed: an owner that lives has written it before we could see its word twice.
    const std::uint32_t flags = mutex.flags.load(memory_order_relaxed);
    const std::uint32_t tag = own_mark.load(memory_order_relaxed) & kTag;  // relaxed: written once
    if ((word & kMutexOwner) == 0 || (mutex.type & kTypeProtect) != 0 || tag == 0 ||
        (flags & kTag) != tag || !os::is_gone(word & kMutexOwner)) {
        return false;
    }
    // relaxed: the mark orders nothing.
    return mutex.word.compare_exchange_strong(word, (word & kMutexWaiters) | kOwnerDied,
                                              memory_order_relaxed);
}

void note_process()
{
    const auto process = static_cast<std::uint32_t>(os::process_id());
    // relaxed: who finds the keeper started finds it.
    own_mark.store(((process << kMutexProcessShift) & kMutexProcess) |
                       (os::pid_namespace_tag() << kMutexCeilingShift),
                   memory_order_relaxed);
}

Error prepare(Thread& self)
{
    if (LT_LIKELY(keeper_id.load(memory_order_relaxed) != 0)) {  // relaxed: see start_keeper()
        return Error::kNone;
    }
    {
        const CriticalRegion region{self};  // a copy of the process has another id
        note_process();
    }
    constexpr long kWordOffset = static_cast<long>(offsetof(MutexWords, word)) -
                                 static_cast<long>(offsetof(MutexWords, link));
    return start_keeper(kWordOffset) == Error::kNone ? Error::kNone : Error::kNoMemory;
}

}  // namespace

bool owns_robust_shared(const Thread& self, const MutexWords& mutex) noexcept
{
    // relaxed, all: only our own marks could be there by our own doing.
    const std::uint32_t keeper = keeper_id.load(memory_order_relaxed);
    return keeper != 0 && (mutex.word.load(memory_order_relaxed) & kMutexOwner) == keeper &&
           mutex.process.load(memory_order_relaxed) == self.number();
}

Error lock_robust_shared(Thread& self, MutexWords& mutex) noexcept
{
    if (const Error error = prepare(self); error != Error::kNone) {
        return error;
    }
    std::uint32_t marks = 0;
    std::int64_t patience = kFirstPatience;
    for (;;) {
        const Attempt seen = attempt(self, mutex, marks);
        if (seen.error == Error::kNone) {
            return judge(mutex, seen);
        }
        if (seen.error != Error::kBusy) {
            return seen.error;
        }
        std::uint32_t word = seen.word;
        // relaxed: the mark orders nothing; the kernel compares the word again.
        if ((word & kMutexWaiters) == 0 &&
            !mutex.word.compare_exchange_strong(word, word | kMutexWaiters, memory_order_relaxed)) {
            continue;
        }
        word |= kMutexWaiters;
        if (marks == 0 && mark_if_gone(mutex, word)) {
            continue;
        }
        const Deadline until{os::monotonic_now() + patience, Clock::kMonotonic};
        if (os::futex_wait(mutex.word, word, &until, os::FutexScope::kShared) == ETIMEDOUT) {
            mark_if_gone(mutex, word);
            patience = patience * 2 < kLongestPatience ? patience * 2 : kLongestPatience;
        }
        // The release that woke us took the mark off for all: whoever has slept puts it back.
        marks = kMutexWaiters;
    }
}

Error try_lock_robust_shared(Thread& self, MutexWords& mutex) noexcept
{
    if (const Error error = prepare(self); error != Error::kNone) {
        return error;
    }
    Attempt seen = attempt(self, mutex, 0);
    if (seen.error == Error::kBusy && mark_if_gone(mutex, seen.word)) {
        seen = attempt(self, mutex, 0);
    }
    return seen.error == Error::kNone ? judge(mutex, seen) : seen.error;
}

void unlock_robust_shared(Thread& self, MutexWords& mutex) noexcept
{
    const CriticalRegion region{self};
    Hold* hold = find_hold(self, &mutex);
    const std::uint32_t flags = mutex.flags.load(memory_order_relaxed);  // relaxed: owned
    const SpinGuard guard{list_lock};
    if (hold == nullptr) {
        // Locked where the memory is mapped a second time: the link says which it is.
        const std::uintptr_t link = mutex.link.load(memory_order_relaxed);  // relaxed: owned
        hold = newest;
        // relaxed: as above.
        while (hold != nullptr && mutex_of(*hold).link.load(memory_order_relaxed) != link) {
            hold = hold->older;
        }
        if (hold == nullptr) {
            return;
        }
    }
    const bool lost = (flags & kMutexOwnerDead) != 0;
    set_state(mutex, flags, lost ? kMutexUnrecoverable : flags & kMutexState);
    give_up(*hold, 0, lost ? os::kEverybody : 1);
}

void abandon_robust_shared(Hold& hold) noexcept
{
    const SpinGuard guard{list_lock};
    MutexWords& mutex = mutex_of(hold);
    const std::uint32_t flags = mutex.flags.load(memory_order_relaxed);  // relaxed: owned
    set_state(mutex, flags, flags & kMutexState);
    give_up(hold, kOwnerDied, 1);
}

void forget_robust_shared(Hold& hold) noexcept
{
    const SpinGuard guard{list_lock};
    take_off_list(hold);
}

void abandon_robust_in(const void* start, std::size_t size) noexcept
{
    const auto from = reinterpret_cast<std::uintptr_t>(start);
    const SpinGuard guard{list_lock};
    Hold* hold = newest;
    while (hold != nullptr) {
        Hold* next = hold->older;
        if (reinterpret_cast<std::uintptr_t>(hold->object) - from < size) {
            MutexWords& mutex = mutex_of(*hold);
            const std::uint32_t flags = mutex.flags.load(memory_order_relaxed);  // relaxed: owned
            const std::uint32_t gone = (mutex.type & kTypeOldRobust) != 0 ? kMutexUnmapped : 0U;
            set_state(mutex, flags, (flags & kMutexState) | gone);
            give_up(*hold, kOwnerDied, 1);
        }
        hold = next;
    }
}

bool holds_robust_shared() noexcept
{
    return held.load(memory_order_relaxed) != 0;  // relaxed: a hint
}

void lock_robust_list() noexcept LT_NO_TSA
{
    list_lock.lock();
}

void unlock_robust_list() noexcept LT_NO_TSA
{
    list_lock.unlock();
}

namespace {

void forget_holds() LT_NO_TSA
{
    while (newest != nullptr) {
        Hold* hold = newest;
        newest = hold->older;
        *hold = {};
    }
    held.store(0, memory_order_relaxed);                 // relaxed: nobody else is here
    robust_list.pending.store(0, memory_order_relaxed);  // relaxed: as above
}

}  // namespace

void forget_robust_after_fork() noexcept
{
    forget_holds();
    reset_keeper_after_fork();
}

void rename_robust_owner(std::uint32_t keeper) noexcept
{
    forget_holds();
    rename_keeper(keeper);
    note_process();
}

}  // namespace lt
