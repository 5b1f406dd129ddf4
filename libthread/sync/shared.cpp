#include "sync/shared.h"

#include <cerrno>
#include <limits>

#include "os/clock.h"
#include "os/futex.h"
#include "os/syscall.h"
#include "sync/cancellation.h"
#include "sync/mutex.h"

namespace lt {
namespace {

// A wait without a deadline is restarted by the kernel after a handler that asked for SA_RESTART;
// one with a deadline, however far, ends.
constexpr Deadline kFarAway{std::numeric_limits<std::int64_t>::max() / 2, Clock::kMonotonic};

std::uint32_t own_process()
{
    return static_cast<std::uint32_t>(os::process_id());
}

void wait_on(const Atomic<std::uint32_t>& word, std::uint32_t value)
{
    // Why it ended does not matter: the caller looks at the word again.
    static_cast<void>(os::futex_wait(word, value, nullptr, os::FutexScope::kShared));
}

// `handlers`: those that had run on the thread when its wait began.
WakeCause wait_interruptibly(Thread& self, std::uint32_t handlers,
                             const Atomic<std::uint32_t>& word, std::uint32_t value,
                             const Deadline* deadline)
{
    const Deadline& until = deadline != nullptr ? *deadline : kFarAway;
    // relaxed: looked at again, with the handlers, on the way into the kernel.
    const std::uint32_t requested = self.cancel_requested.load(memory_order_relaxed);
    const arch::Watched watched[] = {{&self.handlers_run, handlers},
                                     {&self.cancel_requested, requested}};
    const int result =
        requested == kUnseen
            ? EINTR
            : os::futex_wait_unless_changed(word, value, until, os::FutexScope::kShared, watched);
    if (result == EINTR) {
        if (is_cancelled_unseen(self)) {
            return WakeCause::kCancelled;
        }
        // Otherwise a signal of the library's: the thread was suspended.
        return self.handlers_run != handlers ? WakeCause::kInterrupted : WakeCause::kWoken;
    }
    return result == ETIMEDOUT && deadline != nullptr ? WakeCause::kTimedOut : WakeCause::kWoken;
}

// From free to ours; `marks` are kept on top.
bool take_shared(MutexWords& mutex, std::uint32_t& word, std::uint32_t mine)
{
    while ((word & kMutexOwner) == 0) {
        // acquire: what the previous owner wrote is visible.
        if (mutex.word.compare_exchange_weak(word, word | mine, memory_order_acquire,
                                             memory_order_relaxed)) {
            // relaxed: until it is there, nobody takes the mutex for theirs, as it is 0.
            mutex.process.store(own_process(), memory_order_relaxed);
            return true;
        }
    }
    return false;
}

}  // namespace

bool is_own_process(const Atomic<std::uint32_t>& mark) noexcept
{
    // relaxed: only our own process could be there by our own doing.
    return mark.load(memory_order_relaxed) == own_process();
}

bool try_lock_shared_mutex(Thread& self, MutexWords& mutex) noexcept
{
    std::uint32_t word = mutex.word.load(memory_order_relaxed);  // relaxed: the exchange decides
    return take_shared(mutex, word, self.number());
}

void lock_shared_mutex(Thread& self, MutexWords& mutex) noexcept
{
    std::uint32_t mine = self.number();
    std::uint32_t word = mutex.word.load(memory_order_relaxed);  // relaxed: the exchange decides
    while (!take_shared(mutex, word, mine)) {
        // relaxed: the mark orders nothing; the kernel compares the word again.
        if ((word & kMutexWaiters) == 0 &&
            !mutex.word.compare_exchange_weak(word, word | kMutexWaiters, memory_order_relaxed,
                                              memory_order_relaxed)) {
            continue;
        }
        wait_on(mutex.word, word | kMutexWaiters);
        // The release that woke us took the mark off for all: whoever has slept puts it back.
        mine |= kMutexWaiters;
        word = mutex.word.load(memory_order_relaxed);  // relaxed: the exchange decides
    }
}

void unlock_shared_mutex(MutexWords& mutex) noexcept
{
    mutex.process.store(0, memory_order_relaxed);  // relaxed: ordered by the release below
    // release: pairs with the next owner's acquire. The mutex may be gone afterwards; a wake-up on
    // whatever lies there then is one for no reason.
    if ((mutex.word.exchange(0, memory_order_release) & kMutexWaiters) != 0) {
        os::futex_wake(&mutex.word, 1, os::FutexScope::kShared);
    }
}

// The word holds a mark, that someone may wait, and a count of signals. A waiter sets the mark and
// notes the word before it frees the mutex; every signal since then makes the word differ, so the
// kernel does not let it sleep. After 2^31 signals in between it would; that is accepted.
Waited wait_shared_cond(Thread& self, CondWords& cond, MutexWords& mutex,
                        const Deadline* deadline) noexcept
{
    // relaxed: freeing the mutex publishes the mark to who signals under it.
    const std::uint32_t noted = cond.sequence.fetch_or(1, memory_order_relaxed) | 1U;
    const std::uint32_t handlers = self.handlers_run;
    drop_mutex(self, mutex);
    const WakeCause cause = wait_interruptibly(self, handlers, cond.sequence, noted, deadline);
    return {cause, retake_mutex(self, mutex)};
}

void signal_shared_cond(CondWords& cond) noexcept
{
    std::uint32_t word = cond.sequence.load(memory_order_relaxed);  // relaxed: the exchange decides
    do {
        if ((word & 1U) == 0) {
            return;
        }
        // relaxed: the program's mutex orders its data; the kernel orders the wake-up.
    } while (!cond.sequence.compare_exchange_weak(word, word + 2, memory_order_relaxed,
                                                  memory_order_relaxed));
    os::futex_wake(&cond.sequence, 1, os::FutexScope::kShared);
}

void broadcast_shared_cond(CondWords& cond) noexcept
{
    std::uint32_t word = cond.sequence.load(memory_order_relaxed);  // relaxed: the exchange decides
    do {
        if ((word & 1U) == 0) {
            return;
        }
        // relaxed: as in signal_shared_cond(). Whoever waits is woken, so the mark goes.
    } while (!cond.sequence.compare_exchange_weak(word, (word + 2) & ~1U, memory_order_relaxed,
                                                  memory_order_relaxed));
    os::futex_wake(&cond.sequence, os::kEverybody, os::FutexScope::kShared);
}

namespace {

bool is_stuck(std::uint64_t state)
{
    return (state & kSemaWaiterCount) == kSemaWaiterCount;
}

// Takes one, and ourselves off the waiters.
bool take_sema(Atomic<std::uint64_t>& state, std::uint64_t& value)
{
    while ((value & 0xffffffffU) != 0) {
        const std::uint64_t leave = is_stuck(value) ? 0 : kSemaOneWaiter;
        // acquire: pairs with the release in post_sema().
        if (state.compare_exchange_weak(value, value - 1 - leave, memory_order_acquire,
                                        memory_order_relaxed)) {
            return true;
        }
    }
    return false;
}

void leave_sema(Atomic<std::uint64_t>& state)
{
    std::uint64_t value = state.load(memory_order_relaxed);  // relaxed: the exchange decides
    // relaxed: a count of waiters; it orders nothing.
    while (!is_stuck(value) &&
           !state.compare_exchange_weak(value, value - kSemaOneWaiter, memory_order_relaxed,
                                        memory_order_relaxed)) {}
}

}  // namespace

// The count and the number of waiters are one word: a post sees in one step whether it must wake,
// and touches nothing afterwards. A waiter that leaves empty-handed has not been the one woken, or
// its wake finds the count raised by the next who looks.
WakeCause wait_shared_sema(Thread& self, SemaWords& sema, const Deadline* deadline) noexcept
{
    const std::uint32_t handlers = self.handlers_run;
    Atomic<std::uint64_t>& state = state_of(sema);
    std::uint64_t value = state.load(memory_order_relaxed);  // relaxed: the exchange decides
    // relaxed: a count of waiters; the kernel looks at the count of the semaphore again.
    while (!is_stuck(value) &&
           !state.compare_exchange_weak(value, value + kSemaOneWaiter, memory_order_relaxed,
                                        memory_order_relaxed)) {}
    for (;;) {
        value = state.load(memory_order_relaxed);  // relaxed: the exchange decides
        if (take_sema(state, value)) {
            return WakeCause::kWoken;
        }
        const WakeCause cause = wait_interruptibly(self, handlers, count_of(sema), 0, deadline);
        if (cause != WakeCause::kWoken) {
            leave_sema(state);
            return cause;
        }
    }
}

namespace {

// How long a reader leaves a free lock to the writers that wait for it; they may be dead.
constexpr std::int64_t kWriterGrace = 10'000'000;

bool enter_as_reader(RwlockWords& lock, std::uint32_t& state)
{
    // acquire: pairs with the release of the last writer.
    return lock.state.compare_exchange_weak(state, state + 1, memory_order_acquire,
                                            memory_order_relaxed);
}

bool writers_wait(const RwlockWords& lock)
{
    // relaxed: a preference; no exclusion hangs on it.
    return lock.writers_waiting.load(memory_order_relaxed) != 0;
}

// False: the state has changed.
bool mark_shared(RwlockWords& lock, std::uint32_t& state)
{
    // relaxed: the mark orders nothing; the kernel compares the word again.
    return (state & kRwWaiters) != 0 ||
           lock.state.compare_exchange_weak(state, state | kRwWaiters, memory_order_relaxed,
                                            memory_order_relaxed);
}

}  // namespace

bool try_read_shared(RwlockWords& lock, ReadEntry entry) noexcept
{
    std::uint32_t state = lock.state.load(memory_order_relaxed);  // relaxed: the exchange decides
    while ((state & kRwWriteHeld) == 0 && (entry == ReadEntry::kRecursive || !writers_wait(lock))) {
        if (enter_as_reader(lock, state)) {
            return true;
        }
    }
    return false;
}

void read_shared(RwlockWords& lock) noexcept
{
    bool waited_for_writer = false;
    std::uint32_t state = lock.state.load(memory_order_relaxed);  // relaxed: the exchange decides
    for (;;) {
        const bool is_free = (state & (kRwWriteHeld | kRwReaders)) == 0;
        if ((state & kRwWriteHeld) == 0 &&
            (!writers_wait(lock) || (is_free && waited_for_writer))) {
            if (enter_as_reader(lock, state)) {
                return;
            }
            continue;
        }
        if (!mark_shared(lock, state)) {
            continue;
        }
        if (is_free) {
            const Deadline grace{os::monotonic_now() + kWriterGrace, Clock::kMonotonic};
            waited_for_writer = os::futex_wait(lock.state, state | kRwWaiters, &grace,
                                               os::FutexScope::kShared) == ETIMEDOUT;
        } else {
            wait_on(lock.state, state | kRwWaiters);
        }
        state = lock.state.load(memory_order_relaxed);  // relaxed: the exchange decides
    }
}

bool try_write_shared(Thread& self, RwlockWords& lock) noexcept
{
    std::uint32_t state = lock.state.load(memory_order_relaxed);  // relaxed: the exchange decides
    while ((state & (kRwWriteHeld | kRwReaders)) == 0) {
        // acquire: pairs with the release of the last holder.
        if (lock.state.compare_exchange_weak(state, state | kRwWriteHeld, memory_order_acquire,
                                             memory_order_relaxed)) {
            lock.writer.store(self.number(),
                              memory_order_relaxed);                         // relaxed: own
            lock.writer_process.store(own_process(), memory_order_relaxed);  // relaxed: own
            return true;
        }
    }
    return false;
}

void write_shared(Thread& self, RwlockWords& lock) noexcept
{
    if (try_write_shared(self, lock)) {
        return;
    }
    lock.writers_waiting.fetch_add(1, memory_order_relaxed);  // relaxed: a preference
    while (!try_write_shared(self, lock)) {
        std::uint32_t state = lock.state.load(memory_order_relaxed);  // relaxed: compared again
        if ((state & (kRwWriteHeld | kRwReaders)) != 0 && mark_shared(lock, state)) {
            wait_on(lock.state, state | kRwWaiters);
        }
    }
    lock.writers_waiting.fetch_sub(1, memory_order_relaxed);  // relaxed: a preference
}

void end_read_shared(RwlockWords& lock) noexcept
{
    std::uint32_t state = lock.state.load(memory_order_relaxed);  // relaxed: the exchange decides
    std::uint32_t left = 0;
    do {
        left = state - 1;
        if ((left & kRwReaders) == 0) {
            left = 0;
        }
        // release: pairs with the next writer's acquire. The lock may be gone afterwards.
    } while (
        !lock.state.compare_exchange_weak(state, left, memory_order_release, memory_order_relaxed));
    if (left == 0 && (state & kRwWaiters) != 0) {
        os::futex_wake(&lock.state, os::kEverybody, os::FutexScope::kShared);
    }
}

void end_write_shared(RwlockWords& lock) noexcept
{
    lock.writer_process.store(0, memory_order_relaxed);  // relaxed: ordered by the release below
    lock.writer.store(0, memory_order_relaxed);          // relaxed: likewise
    // release: pairs with the next holder's acquire. The lock may be gone afterwards.
    if ((lock.state.exchange(0, memory_order_release) & kRwWaiters) != 0) {
        os::futex_wake(&lock.state, os::kEverybody, os::FutexScope::kShared);
    }
}

}  // namespace lt
