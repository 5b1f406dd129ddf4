// Who holds the lock is in `state`; kRwWaiters is set under the sleep queue's lock while the lock
// is held. As long as it is set, fast paths keep away, except that a reader may enter again; so who
// drops the last hold under the queue's lock decides alone who comes next, and may store the new
// state.
#include "sync/rwlock.h"

#include "base/probe.h"
#include "sync/holds.h"
#include "sync/shared.h"
#include "sync/sleep.h"

namespace lt {
namespace {

enum class RwMode : bool { kWait, kTry };

bool is_shared(const RwlockWords& lock)
{
    return (lock.type & kTypeShared) != 0;
}

// With the queue locked: whether a writer waits that a new reader may not overtake. Writers come
// first among equals, so only readers of higher priority are passed over.
bool writer_goes_first(const Thread& self, SleepQueue& queue, const RwlockWords& lock)
    LT_REQUIRES(queue.lock)
{
    Thread* first = peek_first(queue, &lock);
    for (Thread* thread = first; thread != nullptr; thread = sleeper_after(*thread, *first)) {
        if (thread->sleep_rank / 2U < self.level()) {
            return false;
        }
        if (thread->wait_kind == WaitKind::kWriteLock) {
            return true;
        }
    }
    return false;
}

enum class RwAttempt : std::uint8_t { kTaken, kMustWait, kStateChanged };

// With the queue locked: enters as a reader, or marks that somebody waits.
RwAttempt attempt_read(const Thread& self, SleepQueue& queue, RwlockWords& lock, RwMode mode)
    LT_REQUIRES(queue.lock)
{
    std::uint32_t state = lock.state.load(memory_order_relaxed);  // relaxed: the exchange decides
    if ((state & kRwWriteHeld) == 0 && !writer_goes_first(self, queue, lock)) {
        // acquire: pairs with the release of the last writer.
        return lock.state.compare_exchange_strong(state, state + 1, memory_order_acquire,
                                                  memory_order_relaxed)
                   ? RwAttempt::kTaken
                   : RwAttempt::kStateChanged;
    }
    if (mode == RwMode::kTry || (state & kRwWaiters) != 0) {
        return RwAttempt::kMustWait;
    }
    // relaxed: the mark orders nothing; the queue's lock does.
    return lock.state.compare_exchange_strong(state, state | kRwWaiters, memory_order_relaxed,
                                              memory_order_relaxed)
               ? RwAttempt::kMustWait
               : RwAttempt::kStateChanged;
}

RwAttempt attempt_write(RwlockWords& lock)
{
    std::uint32_t state = lock.state.load(memory_order_relaxed);  // relaxed: the exchange decides
    const bool is_free = (state & (kRwWriteHeld | kRwReaders)) == 0;
    if (!is_free && (state & kRwWaiters) != 0) {
        return RwAttempt::kMustWait;
    }
    // acquire: pairs with the release of the last holder.
    if (!lock.state.compare_exchange_strong(state, state | (is_free ? kRwWriteHeld : kRwWaiters),
                                            memory_order_acquire, memory_order_relaxed)) {
        return RwAttempt::kStateChanged;
    }
    return is_free ? RwAttempt::kTaken : RwAttempt::kMustWait;
}

// In a critical region of depth 1. False: mode kTry, and it would have to wait.
bool queue_for(Thread& self, RwlockWords& lock, WaitKind kind, RwMode mode)
{
    WaitSpec spec;
    spec.object = &lock;
    spec.kind = kind;
    for (;;) {
        SleepQueue& queue = sleep_queue_of(&lock);
        lock_to_sleep(self, queue);
        RwAttempt attempt = RwAttempt::kStateChanged;
        while (attempt == RwAttempt::kStateChanged) {
            attempt = kind == WaitKind::kReadLock ? attempt_read(self, queue, lock, mode)
                                                  : attempt_write(lock);
        }
        if (attempt == RwAttempt::kTaken || mode == RwMode::kTry) {
            queue.lock.unlock();
            return attempt == RwAttempt::kTaken;
        }
        LT_PROBE3(lock__contend, in_place(self.id), &lock, in_place(lock.writer));
        if (sleep_on(self, queue, spec) == WakeCause::kWoken) {
            return true;  // handed over
        }
        // A handler is to be run; then the wait goes on, at its old place.
        spec.flags = kWaitAtFront;
        // relaxed: our own stamp.
        spec.since_ns = self.since_ns.load(memory_order_relaxed);
        leave_critical(self);
        enter_critical(self);
    }
}

// With the queue locked, nobody holding the lock: hands it to those who are first. The state that
// is stored frees the lock for them, after which it may vanish; `woken` lists whom to resume.
Thread* hand_over(SleepQueue& queue, RwlockWords& lock) LT_REQUIRES(queue.lock)
{
    Thread* woken = nullptr;
    std::uint32_t state = 0;
    Thread* first = choose_first(queue, &lock);
    if (first != nullptr && first->wait_kind == WaitKind::kWriteLock) {
        take_chosen(queue, *first);
        woken = first;
        woken->next = nullptr;
        // relaxed: an id does not change while its thread lives; the state is released below.
        lock.writer.store(woken->number(), memory_order_relaxed);
        state = kRwWriteHeld;
    } else {
        Thread* last = nullptr;
        while (first != nullptr && first->wait_kind == WaitKind::kReadLock) {
            Thread* reader = first;
            take_chosen(queue, *reader);
            reader->next = nullptr;
            (last == nullptr ? woken : last->next) = reader;
            last = reader;
            ++state;
            first = choose_first(queue, &lock);
        }
    }
    if (has_sleeper(queue, &lock)) {
        state |= kRwWaiters;
    }
    lock.state.store(state, memory_order_release);  // release: pairs with the next holders' acquire
    return woken;
}

enum class HoldKind : bool { kRead, kWrite };

// Gives up a hold on a lock that others wait for.
void release_contended(Thread& self, RwlockWords& lock, HoldKind hold)
{
    {
        const CriticalRegion region{self};
        SleepQueue& queue = sleep_queue_of(&lock);
        Thread* woken = nullptr;
        queue.lock.lock();
        // acq_rel: our reads end before the next writer's writes; and what other readers have read
        // was read before we hand over for them.
        if (hold == HoldKind::kWrite ||
            ((lock.state.fetch_sub(1, memory_order_acq_rel) - 1) & kRwReaders) == 0) {
            woken = hand_over(queue, lock);
        }
        queue.lock.unlock();
        while (woken != nullptr) {
            Thread* next = woken->next;
            woken->next = nullptr;
            resume(self, *woken, WakeCause::kWoken);
            woken = next;
        }
    }
    preempt_if_outranked(self);
}

void release_read(Thread& self, RwlockWords& lock)
{
    std::uint32_t state = lock.state.load(memory_order_relaxed);  // relaxed: the exchange decides
    do {
        if ((state & kRwWaiters) != 0) {
            release_contended(self, lock, HoldKind::kRead);
            return;
        }
        // release: pairs with the next writer's acquire. The lock may be gone afterwards.
    } while (!lock.state.compare_exchange_weak(state, state - 1, memory_order_release,
                                               memory_order_relaxed));
}

void release_write(Thread& self, RwlockWords& lock)
{
    lock.writer.store(0, memory_order_relaxed);  // relaxed: ordered by the release below
    std::uint32_t state = kRwWriteHeld;
    // release: pairs with the next holder's acquire. The lock may be gone afterwards.
    if (!lock.state.compare_exchange_strong(state, 0, memory_order_release, memory_order_relaxed)) {
        release_contended(self, lock, HoldKind::kWrite);
    }
}

bool enter_read(Thread& self, RwlockWords& lock, RwMode mode)
{
    if (is_shared(lock)) {
        if (mode == RwMode::kTry) {
            return try_read_shared(lock, ReadEntry::kFirst);
        }
        // Waiting in the kernel is no matter for a critical region.
        leave_critical(self);
        read_shared(lock);
        enter_critical(self);
        return true;
    }
    std::uint32_t state = lock.state.load(memory_order_relaxed);  // relaxed: the exchange decides
    while ((state & (kRwWriteHeld | kRwWaiters)) == 0) {
        // acquire: pairs with the release of the last writer.
        if (lock.state.compare_exchange_weak(state, state + 1, memory_order_acquire,
                                             memory_order_relaxed)) {
            return true;
        }
    }
    return queue_for(self, lock, WaitKind::kReadLock, mode);
}

Error read(Thread& self, RwlockWords& lock, RwMode mode)
{
    if (holds_write(self, lock)) {
        return mode == RwMode::kTry ? Error::kBusy : Error::kDeadlock;
    }
    // The region keeps handlers from the caller's record of holds.
    const CriticalRegion region{self};
    if (Hold* again = find_hold(self, &lock)) {
        if (again->count == kMaxReadHolds) {
            return Error::kLimit;
        }
        ++again->count;
        lock.state.fetch_add(1, memory_order_relaxed);  // relaxed: it was acquired the first time
        return Error::kNone;
    }
    if (free_hold(self) == nullptr) {
        return Error::kLimit;
    }
    if (!enter_read(self, lock, mode)) {
        return Error::kBusy;
    }
    // Asked for again, as a handler may have used the entry; there is one now, or the process has
    // run out of memory in between.
    Hold* hold = free_hold(self);
    if (hold == nullptr) {
        is_shared(lock) ? end_read_shared(lock) : release_read(self, lock);
        return Error::kLimit;
    }
    *hold = {};
    hold->object = &lock;
    hold->count = 1;
    return Error::kNone;
}

Error write(Thread& self, RwlockWords& lock, RwMode mode)
{
    if (holds_write(self, lock) || holds_read(self, lock)) {
        return mode == RwMode::kTry ? Error::kBusy : Error::kDeadlock;
    }
    if (is_shared(lock)) {
        if (mode == RwMode::kTry) {
            return try_write_shared(self, lock) ? Error::kNone : Error::kBusy;
        }
        write_shared(self, lock);
        return Error::kNone;
    }
    std::uint32_t state = 0;
    // acquire: pairs with the release of the last holder.
    if (!lock.state.compare_exchange_strong(state, kRwWriteHeld, memory_order_acquire,
                                            memory_order_relaxed)) {
        const CriticalRegion region{self};
        if (!queue_for(self, lock, WaitKind::kWriteLock, mode)) {
            return Error::kBusy;
        }
    }
    // relaxed: others compare it with their own ids only.
    lock.writer.store(self.number(), memory_order_relaxed);
    return Error::kNone;
}

}  // namespace

Error lock_read(Thread& self, RwlockWords& lock) noexcept
{
    return read(self, lock, RwMode::kWait);
}

Error try_lock_read(Thread& self, RwlockWords& lock) noexcept
{
    return read(self, lock, RwMode::kTry);
}

Error lock_write(Thread& self, RwlockWords& lock) noexcept
{
    return write(self, lock, RwMode::kWait);
}

Error try_lock_write(Thread& self, RwlockWords& lock) noexcept
{
    return write(self, lock, RwMode::kTry);
}

Error unlock_rwlock(Thread& self, RwlockWords& lock) noexcept
{
    if (holds_write(self, lock)) {
        is_shared(lock) ? end_write_shared(lock) : release_write(self, lock);
        return Error::kNone;
    }
    {
        const CriticalRegion region{self};
        Hold* hold = find_hold(self, &lock);
        if (hold == nullptr) {
            return Error::kPermission;
        }
        if (--hold->count == 0) {
            hold->object = nullptr;
        }
    }
    is_shared(lock) ? end_read_shared(lock) : release_read(self, lock);
    return Error::kNone;
}

bool holds_read(Thread& self, RwlockWords& lock) noexcept
{
    const CriticalRegion region{self};
    return find_hold(self, &lock) != nullptr;
}

bool holds_write(Thread& self, RwlockWords& lock) noexcept
{
    // relaxed: only our own id, process and mark could be there by our own doing.
    return (lock.state.load(memory_order_relaxed) & kRwWriteHeld) != 0 &&
           lock.writer.load(memory_order_relaxed) == self.number() &&
           (!is_shared(lock) || is_own_process(lock.writer_process));
}

}  // namespace lt
