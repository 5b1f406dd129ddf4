#include "sync/mutex.h"

#include "base/probe.h"
#include "os/clock.h"
#include "sched/run_queue.h"
#include "sched/suspension.h"
#include "sync/shared.h"
#include "sync/sleep.h"
#include "sync/special_mutex.h"

namespace lt {
namespace {

// A waiter older than this gets the mutex handed over instead of a chance to compete for it.
constexpr std::int64_t kFairAfter = 500'000;
// So does one that would have to wait behind more threads than this for an LWP: each of those ahead
// would take the mutex many times, and falls asleep at once if it cannot.
constexpr std::uint32_t kMostAhead = 8;
constexpr int kSpins = 60;

// In a critical region.
bool waits_long_for_lwp(const Thread& waker)
{
    const RunQueue* queue = waker.lwp->run_queue;
    return queue != nullptr && queue->size() > kMostAhead;
}

bool is_owner(const Thread& self, std::uint32_t word)
{
    return (word & kMutexOwner) == self.number();
}

// One try at a free mutex, past those who sleep; keeps the marks, as they are still true.
bool try_take(Thread& self, MutexWords& mutex, Arrival arrival)
{
    const std::uint32_t id = self.number();
    std::uint32_t word = mutex.word.load(memory_order_relaxed);  // relaxed: the exchange decides
    while ((word & kMutexOwner) == 0) {
        std::uint32_t marks = word;
        if (arrival == Arrival::kWoken) {
            marks &= ~kMutexWoken;
        }
        // acquire: what the previous owner wrote is visible.
        if (mutex.word.compare_exchange_weak(word, id | marks, memory_order_acquire,
                                             memory_order_relaxed)) {
            mutex.owner.store(&self, memory_order_relaxed);  // relaxed: a hint for those who spin
            return true;
        }
    }
    return false;
}

// Whether the owner is on another LWP right now, so that the mutex may be free in a moment. Records
// are type-stable: an old pointer leads to some record. [I9]
bool owner_runs(MutexWords& mutex, std::uint32_t word)
{
    const Thread* owner = mutex.owner.load(memory_order_relaxed);          // relaxed: a hint
    return owner != nullptr && owner->number() == (word & kMutexOwner) &&  // relaxed: a hint
           owner->state.load(memory_order_relaxed) == ThreadState::kRunning;
}

bool spin_and_take(Thread& self, MutexWords& mutex, Arrival arrival)
{
    for (int i = 0; i < kSpins; ++i) {
        if (try_take(self, mutex, arrival)) {
            return true;
        }
        const std::uint32_t word = mutex.word.load(memory_order_relaxed);  // relaxed: a hint
        if (is_owner(self, word) || ((word & kMutexOwner) != 0 && !owner_runs(mutex, word))) {
            return false;
        }
        arch::pause();
    }
    return false;
}

// With the mutex's sleep queue locked: takes the mutex, or sees to it that its owner will find us.
// The mark is set while the word names an owner, in one step: that owner's release fails on it,
// goes for the queue's lock, and finds us asleep. A sleeper also takes back the promise that
// somebody is on the way, be it its own or one that was made in the parent of a forked process.
bool take_or_mark(Thread& self, MutexWords& mutex, Arrival arrival)
{
    std::uint32_t word = 0;
    do {
        if (try_take(self, mutex, arrival)) {
            return true;
        }
        word = mutex.word.load(memory_order_relaxed);  // relaxed: the exchange decides
        // relaxed: marks order nothing; the queue's lock does.
    } while ((word & kMutexOwner) == 0 ||
             !mutex.word.compare_exchange_weak(word, (word & kMutexOwner) | kMutexWaiters,
                                               memory_order_relaxed, memory_order_relaxed));
    return false;
}

// The owner gives up a mutex that others sleep on.
//
// While the word names an owner and kMutexWaiters, all who change it hold the queue's lock, or are
// misusing the mutex: a store does. What is stored frees the mutex, after which it may vanish; only
// the queue, which is ours, and the thread taken off it are touched from there on.
void wake_next(Thread& self, MutexWords& mutex)
{
    SleepQueue& queue = sleep_queue_of(&mutex);
    queue.lock.lock();
    Thread* first = take_first(queue, &mutex);
    std::uint32_t left = 0;
    if (first != nullptr) {
        const bool more = has_sleeper(queue, &mutex);
        const std::int64_t since = first->since_ns.load(memory_order_relaxed);  // relaxed: locked
        // A suspended thread gets a chance at the most: it would keep the mutex from others.
        if (!is_suspended(*first) &&
            ((first->wait_token & kTokenLost) != 0 || waits_long_for_lwp(self) ||
             os::monotonic_now() - since > kFairAfter)) {
            first->wait_token |= kTokenOwner;
            // relaxed: an id does not change while its thread lives.
            left = first->number() | (more ? kMutexWaiters : 0);
        } else if (more) {
            left = kMutexWaiters | kMutexWoken;
        }
    }
    mutex.word.store(left, memory_order_release);  // release: pairs with the next owner's acquire
    queue.lock.unlock();
    if (first != nullptr) {
        resume(self, *first, WakeCause::kWoken);
    }
}

// The caller holds the mutex already, in its own way.
Error lock_again(MutexWords& mutex)
{
    if ((mutex.type & kTypeRecursive) != 0) {
        if (mutex.recursion == 0xff) {
            return Error::kLimit;
        }
        ++mutex.recursion;
        return Error::kNone;
    }
    if ((mutex.type & kTypeErrorCheck) != 0) {
        return Error::kDeadlock;
    }
    // With one thread the count cannot change behind our back.
    return process.threads() <= 1 ? Error::kDeadlock : Error::kBusy;
}

}  // namespace

void acquire_mutex(Thread& self, MutexWords& mutex, Arrival arrival) noexcept
{
    WaitSpec spec;
    spec.object = &mutex;
    spec.kind = WaitKind::kMutex;
    while (!spin_and_take(self, mutex, arrival)) {
        SleepQueue& queue = sleep_queue_of(&mutex);
        lock_to_sleep(self, queue);
        if (take_or_mark(self, mutex, arrival)) {
            queue.lock.unlock();
            return;
        }
        if (arrival == Arrival::kWoken) {
            spec.token = kTokenLost;
            spec.flags = kWaitAtFront;
        }
        if (spec.since_ns == 0) {
            spec.since_ns = os::monotonic_now();
        }
        LT_PROBE3(lock__contend, in_place(self.id), &mutex, in_place(mutex.word));
        if (sleep_on(self, queue, spec) == WakeCause::kWoken) {
            if ((self.wait_token & kTokenOwner) != 0) {
                mutex.owner.store(&self, memory_order_relaxed);  // relaxed: a hint
                return;
            }
            arrival = Arrival::kWoken;
            continue;
        }
        // A handler is to be run; then the wait goes on, at its old place.
        arrival = Arrival::kFresh;
        spec.flags = kWaitAtFront;
        leave_critical(self);
        enter_critical(self);
    }
}

Error lock_mutex_slow(Thread& self, MutexWords& mutex) noexcept
{
    if (holds_mutex(self, mutex)) {
        const Error error = lock_again(mutex);
        if (error != Error::kBusy) {
            return error;
        }
    }
    return retake_mutex(self, mutex);
}

Error retake_mutex(Thread& self, MutexWords& mutex) noexcept
{
    if (is_special(mutex)) {
        return lock_special_mutex(self, mutex);
    }
    if ((mutex.type & kTypeShared) != 0) {
        lock_shared_mutex(self, mutex);
    } else if (!try_take(self, mutex, Arrival::kFresh)) {
        const CriticalRegion region{self};
        acquire_mutex(self, mutex, Arrival::kFresh);
    }
    return Error::kNone;
}

bool try_take_mutex(Thread& self, MutexWords& mutex) noexcept
{
    return try_take(self, mutex, Arrival::kFresh);
}

// How often a thread may release the mutex while the one woken for it waits for an LWP: then it
// lets it run. Without that the woken one waits behind threads that take the mutex over and over.
static constexpr std::uint32_t kBargesToYield = 64;

void drop_mutex(Thread& self, MutexWords& mutex) noexcept
{
    if (is_special(mutex)) {
        unlock_special_mutex(self, mutex);
        preempt_if_outranked(self);
        return;
    }
    if ((mutex.type & kTypeShared) != 0) {
        unlock_shared_mutex(mutex);
        return;
    }
    // relaxed: a hint; somebody was woken for the mutex and has not had a chance yet.
    const bool barging = (mutex.word.load(memory_order_relaxed) & kMutexWoken) != 0;
    {
        const CriticalRegion region{self};
        release_mutex(self, mutex);
    }
    if (barging && ++self.barged % kBargesToYield == 0) {
        yield(self);
        return;
    }
    preempt_if_outranked(self);
}

Error try_lock_mutex(Thread& self, MutexWords& mutex) noexcept
{
    if ((mutex.type & kTypeRecursive) != 0 && holds_mutex(self, mutex)) {
        return lock_again(mutex);
    }
    if (is_special(mutex)) {
        return try_lock_special_mutex(self, mutex);
    }
    const bool taken = (mutex.type & kTypeShared) != 0 ? try_lock_shared_mutex(self, mutex)
                                                       : try_take(self, mutex, Arrival::kFresh);
    return taken ? Error::kNone : Error::kBusy;
}

void release_mutex(Thread& self, MutexWords& mutex) noexcept
{
    std::uint32_t word = mutex.word.load(memory_order_relaxed);  // relaxed: the exchange decides
    while ((word & kMutexOwner) != 0) {
        const bool sleepers = (word & kMutexWaiters) != 0;
        if (sleepers && (word & kMutexWoken) == 0) {
            wake_next(self, mutex);
            return;
        }
        const std::uint32_t left = sleepers ? kMutexWaiters | kMutexWoken : 0;
        // release: pairs with the next owner's acquire.
        if (mutex.word.compare_exchange_weak(word, left, memory_order_release,
                                             memory_order_relaxed)) {
            return;
        }
    }
}

void pass_on_mutex(Thread& self, MutexWords& mutex) noexcept LT_NO_TSA
{
    SleepQueue& queue = sleep_queue_of(&mutex);
    Thread* other = nullptr;
    queue.lock.lock();
    std::uint32_t word = mutex.word.load(memory_order_relaxed);  // relaxed: the exchange decides
    while ((word & kMutexWoken) != 0) {
        if ((word & kMutexOwner) == 0) {
            other = choose_first(queue, &mutex);
            if (other != nullptr && !is_suspended(*other)) {
                take_chosen(queue, *other);  // it is the one on its way now
            } else {
                other = nullptr;
            }
            break;
        }
        // relaxed: marks order nothing; the queue's lock does.
        if (mutex.word.compare_exchange_weak(word, word & ~kMutexWoken, memory_order_relaxed,
                                             memory_order_relaxed)) {
            break;
        }
    }
    queue.lock.unlock();
    if (other != nullptr) {
        resume(self, *other, WakeCause::kWoken);
    }
}

Error unlock_mutex_slow(Thread& self, MutexWords& mutex) noexcept
{
    if ((mutex.type & (kTypeErrorCheck | kTypeSpecial)) != 0 && !holds_mutex(self, mutex)) {
        return Error::kPermission;
    }
    if ((mutex.type & kTypeRecursive) != 0 && mutex.recursion != 0) {
        --mutex.recursion;
        return Error::kNone;
    }
    drop_mutex(self, mutex);
    return Error::kNone;
}

bool holds_mutex(Thread& self, MutexWords& mutex) noexcept
{
    if (is_special(mutex)) {
        return owns_special_mutex(self, mutex);
    }
    // relaxed: only our own id could be there by our own doing.
    return is_owner(self, mutex.word.load(memory_order_relaxed)) &&
           ((mutex.type & kTypeShared) == 0 || is_own_process(mutex.process));
}

}  // namespace lt
