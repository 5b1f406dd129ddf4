// How no wake-up is lost. A waiter queues itself, under the condition's queue lock, before it frees
// the mutex: who takes the mutex afterwards and signals finds it there. Two cases:
//   - nobody waits for the mutex: one compare-and-swap frees it with the queue lock still held, and
//     the waiter falls asleep;
//   - somebody does, and must be woken, which wants no queue lock held: the waiter drops the lock
//   while
//     it stands in the queue awake, frees the mutex, and takes the lock again. A signal in between
//     takes it off the queue and says so in wait_token instead of resuming it.
// Never are two queues locked at once, so it does not matter whether the condition and the mutex
// share one.
#include "sync/cond.h"

#include "os/clock.h"
#include "sync/cancellation.h"
#include "sync/mutex.h"
#include "sync/shared.h"
#include "sync/sleep.h"
#include "sync/special_mutex.h"

namespace lt {
namespace {

// Sleepers taken off a condition's queue, on their way to a run queue or to the mutex's queue.
class Taken {
  public:
    void add(Thread& thread)
    {
        thread.next = nullptr;
        if (last_ == nullptr) {
            first_ = &thread;
        } else {
            last_->next = &thread;
        }
        last_ = &thread;
    }

    Thread* take()
    {
        Thread* thread = first_;
        if (thread != nullptr) {
            first_ = thread->next;
            last_ = first_ == nullptr ? nullptr : last_;
            thread->next = nullptr;
        }
        return thread;
    }

    [[nodiscard]] Thread* first() const { return first_; }

    [[nodiscard]] bool is_single() const { return first_ != nullptr && first_ == last_; }

    void resume_all(Thread& self)
    {
        while (Thread* thread = take()) {
            resume(self, *thread, WakeCause::kWoken);
        }
    }

  private:
    Thread* first_ = nullptr;
    Thread* last_ = nullptr;
};

// Off the queue, but still on its way to sleep: it is told, not resumed. True: it slept.
bool was_asleep(Thread& thread)
{
    // relaxed: changed under the queue's lock by a thread that queues.
    if (thread.state.load(memory_order_relaxed) == ThreadState::kSleeping) {
        return true;
    }
    thread.wait_token |= kTokenSignalled;
    return false;
}

// Queues, frees the mutex, sleeps. In a critical region of depth 1.
WakeCause sleep_without_mutex(Thread& self, SleepQueue& queue, CondWords& cond, MutexWords& mutex,
                              const Deadline* deadline) LT_RELEASE(queue.lock)
{
    const bool special = is_special(mutex);
    const bool shared = (mutex.type & kTypeShared) != 0;
    WaitSpec spec;
    spec.object = &cond;
    spec.kind = WaitKind::kCond;
    spec.flags = kWaitCancellable;
    spec.mutex = shared || special ? nullptr : &mutex;
    // relaxed: under the queue's lock. A signaller that holds the mutex after us sees it.
    cond.waiters.store(1, memory_order_relaxed);
    prepare_to_sleep(self, queue, spec);
    if (shared || special || !release_quiet_mutex(self, mutex)) {
        queue.lock.unlock();
        if (special) {
            unlock_special_mutex(self, mutex);
        } else if (shared) {
            unlock_shared_mutex(mutex);
        } else {
            release_mutex(self, mutex);
        }
        lock_to_sleep(self, queue);
        if ((self.wait_token & kTokenSignalled) != 0) {
            self.wait_kind = WaitKind::kNone;
            queue.lock.unlock();
            return WakeCause::kWoken;
        }
    }
    return sleep_prepared(self, queue, deadline);
}

// Takes the mutex again and leaves the critical region. A thread that others rely on to arrive (it
// was woken for the mutex) stays in the region, where no handler can detain it.
Error take_back(Thread& self, MutexWords& mutex, WakeCause cause)
{
    if ((self.wait_token & kTokenOwner) != 0) {
        mutex.owner.store(&self, memory_order_relaxed);  // relaxed: a hint for those who spin
        leave_critical(self);
        return Error::kNone;
    }
    if (cause == WakeCause::kWoken && (mutex.type & kTypeShared) == 0 && !is_special(mutex)) {
        const bool moved = (self.wait_token & kTokenMoved) != 0;
        acquire_mutex(self, mutex, moved ? Arrival::kWoken : Arrival::kFresh);
        leave_critical(self);
        return Error::kNone;
    }
    leave_critical(self);
    return retake_mutex(self, mutex);
}

// A deadline that has passed: the mutex is free for a moment all the same, so that a thread which
// polls in this way lets others in.
Waited give_way(Thread& self, MutexWords& mutex)
{
    drop_mutex(self, mutex);
    yield(self);
    return {WakeCause::kTimedOut, retake_mutex(self, mutex)};
}

Waited wait_private(Thread& self, CondWords& cond, MutexWords& mutex, const Deadline* deadline)
{
    enter_critical(self);
    SleepQueue& queue = sleep_queue_of(&cond);
    lock_to_sleep(self, queue);
    const WakeCause cause = sleep_without_mutex(self, queue, cond, mutex, deadline);
    // A moved thread was signalled, whatever ended its wait for the mutex.
    const bool moved = (self.wait_token & kTokenMoved) != 0;
    const Error retaken = take_back(self, mutex, cause);
    return {moved ? WakeCause::kWoken : cause, retaken};
}

// Everybody on `taken` waits with the same mutex, or is resumed by itself. With the mutex's sleep
// queue locked, its word is marked first: from then on an owner cannot free it without this lock,
// and a free one names the first thread as the one that is on its way.
void move_to_mutex(Thread& self, Taken& taken)
{
    auto& mutex = *static_cast<MutexWords*>(taken.first()->wait_mutex);
    // relaxed: a hint.
    if (taken.is_single() && (mutex.word.load(memory_order_relaxed) & kMutexOwner) == 0) {
        taken.resume_all(self);
        return;
    }
    SleepQueue& queue = sleep_queue_of(&mutex);
    Taken awake;
    queue.lock.lock();
    std::uint32_t word = mutex.word.load(memory_order_relaxed);  // relaxed: the exchange decides
    std::uint32_t marks = 0;
    do {
        marks = (word & kMutexOwner) != 0 ? kMutexWaiters : kMutexWaiters | kMutexWoken;
        // relaxed: marks order nothing; the queue's lock does.
    } while (!mutex.word.compare_exchange_weak(word, word | marks, memory_order_relaxed,
                                               memory_order_relaxed));
    bool someone_goes = (marks & kMutexWoken) == 0;
    while (Thread* thread = taken.take()) {
        if (thread->wait_mutex != &mutex) {
            awake.add(*thread);
            continue;
        }
        thread->wait_token |= kTokenMoved;
        if (!someone_goes) {
            someone_goes = true;
            awake.add(*thread);
        } else if (!put_sleeping(queue, *thread, &mutex, WaitKind::kMutex)) {
            awake.add(*thread);
        }
    }
    queue.lock.unlock();
    awake.resume_all(self);
}

Error error_of(Thread& self, WakeCause cause)
{
    switch (cause) {
        case WakeCause::kTimedOut:
            return Error::kTimedOut;
        case WakeCause::kInterrupted:
            return Error::kInterrupted;
        case WakeCause::kCancelled:
            act_on_cancellation(self);
            return Error::kNone;  // cancellation is disabled: a wake-up for no reason
        case WakeCause::kWoken:
            break;
    }
    return Error::kNone;
}

}  // namespace

Error wait_cond(Thread& self, CondWords& cond, MutexWords& mutex, const Deadline* deadline)
{
    act_on_cancellation(self);
    if ((mutex.type & (kTypeErrorCheck | kTypeSpecial)) != 0 && !holds_mutex(self, mutex)) {
        return Error::kPermission;
    }
    const std::uint8_t recursion = mutex.recursion;
    mutex.recursion = 0;
    Waited waited;
    if (deadline != nullptr && os::now(deadline->clock) >= deadline->ns) {
        waited = give_way(self, mutex);
    } else if ((cond.type & kTypeShared) != 0) {
        waited = wait_shared_cond(self, cond, mutex, deadline);
    } else {
        waited = wait_private(self, cond, mutex, deadline);
    }
    if (!was_taken(waited.retaken)) {
        return waited.retaken;
    }
    mutex.recursion = recursion;
    // An owner that died is the more important news, and cancellation comes at the next point.
    return waited.retaken != Error::kNone ? waited.retaken : error_of(self, waited.cause);
}

void signal_cond(Thread& self, CondWords& cond) noexcept
{
    if (LT_UNLIKELY((cond.type & kTypeShared) != 0)) {
        signal_shared_cond(cond);
        return;
    }
    // relaxed: who changed the condition under the mutex has every earlier waiter's mark in view;
    // without the mutex, a waiter that cannot be seen here might as well have come later.
    if (cond.waiters.load(memory_order_relaxed) == 0) {
        return;
    }
    {
        const CriticalRegion region{self};
        SleepQueue& queue = sleep_queue_of(&cond);
        queue.lock.lock();
        Thread* first = take_first(queue, &cond);
        const bool asleep = first != nullptr && was_asleep(*first);
        if (!has_sleeper(queue, &cond)) {
            cond.waiters.store(0, memory_order_relaxed);  // relaxed: under the queue's lock
        }
        queue.lock.unlock();
        if (asleep) {
            resume(self, *first, WakeCause::kWoken);
        }
    }
    preempt_if_outranked(self);
}

void broadcast_cond(Thread& self, CondWords& cond) noexcept
{
    if (LT_UNLIKELY((cond.type & kTypeShared) != 0)) {
        broadcast_shared_cond(cond);
        return;
    }
    // relaxed: as in signal_cond().
    if (cond.waiters.load(memory_order_relaxed) == 0) {
        return;
    }
    {
        const CriticalRegion region{self};
        SleepQueue& queue = sleep_queue_of(&cond);
        Taken taken;
        queue.lock.lock();
        while (Thread* thread = take_first(queue, &cond)) {
            if (was_asleep(*thread)) {
                taken.add(*thread);
            }
        }
        cond.waiters.store(0, memory_order_relaxed);  // relaxed: under the queue's lock
        queue.lock.unlock();
        if (taken.first() != nullptr && taken.first()->wait_mutex != nullptr) {
            move_to_mutex(self, taken);
        } else {
            taken.resume_all(self);
        }
    }
    preempt_if_outranked(self);
}

}  // namespace lt
