#include "sync/sleep_queue.h"

#include <sys/mman.h>

#include <cstring>

#include "base/check.h"
#include "base/probe.h"
#include "os/syscall.h"
#include "sched/suspension.h"
#include "sched/timeouts.h"
#include "sync/cancellation.h"
#include "sync/sleep.h"

namespace lt {

alignas(kPageSize) constinit SleepQueue sleep_queues[std::size_t{1} << kQueueBits] = {};

namespace {

struct Place {
    Thread* after;  // in the ring
    bool leads;     // before the first
};

Place place_at_front(Thread& first, unsigned rank)
{
    Thread* thread = &first;
    while (thread->sleep_rank > rank) {
        if (thread->next == &first) {
            return {thread, false};
        }
        thread = thread->next;
    }
    return {thread->prev, thread == &first};
}

Place place_behind_equals(Thread& first, unsigned rank)
{
    Thread* thread = first.prev;
    while (thread->sleep_rank < rank) {
        if (thread == &first) {
            return {first.prev, true};
        }
        thread = thread->prev;
    }
    return {thread, false};
}

// `link` as found for the thread's object.
LT_INLINE void unlink(Thread** link, Thread& thread)
{
    if (thread.next == &thread) {
        *link = thread.queue_chain;
    } else {
        if (*link == &thread) {
            thread.next->queue_chain = thread.queue_chain;
            *link = thread.next;
        }
        thread.prev->next = thread.next;
        thread.next->prev = thread.prev;
    }
    thread.next = thread.prev = thread.queue_chain = nullptr;
    thread.ring.store(nullptr, memory_order_relaxed);  // relaxed: under the queue's lock
}

LT_INLINE void remove(Thread** link, Thread& thread)
{
    unlink(link, thread);
    // relaxed: written under the queue's lock; take_thread() looks again under it.
    thread.sleep_queue.store(nullptr, memory_order_relaxed);
}

// The same for one that may sleep alone.
LT_INLINE void remove_any(SleepQueue& queue, Thread& thread) LT_REQUIRES(queue.lock)
{
    if (thread.ring.load(memory_order_relaxed) != nullptr) {  // relaxed: under the lock
        unlink(find_link(queue, thread.wait_object), thread);
    }
    thread.sleep_queue.store(nullptr, memory_order_relaxed);  // relaxed: as in remove()
}

// The first of a ring that is not suspended, or else the first; nullptr: of an empty one.
Thread* first_awake(Thread* first)
{
    if (LT_LIKELY(first == nullptr || !is_suspended(*first))) {
        return first;
    }
    Thread* thread = first->next;
    while (thread != first && is_suspended(*thread)) {
        thread = thread->next;
    }
    return thread;
}

bool wants_attention(const Thread& self)
{
    // relaxed: lock_to_sleep() has ordered our announcement before these looks.
    return (self.requests.load(memory_order_relaxed) & kRequestAttention) != 0 ||
           self.lwp->signal_deferred.load(memory_order_relaxed) != 0;
}

// take_thread(), for a thread that sleeps in the timed wait of that number only; nullptr: any.
bool take_sleeper(Thread& thread, const std::uint64_t* timed_wait) noexcept LT_NO_TSA
{
    for (;;) {
        // acquire: pairs with nothing that decides; the second look under the lock does. The order
        // against `requests` is the caller's full barrier.
        SleepQueue* queue = thread.sleep_queue.load(memory_order_acquire);
        if (queue == nullptr) {
            return false;
        }
        const SpinGuard guard{queue->lock};
        // relaxed: both are written under this lock, except the announcement by a thread that runs.
        if (thread.sleep_queue.load(memory_order_relaxed) != queue) {
            continue;  // it was woken, and may sleep elsewhere by now
        }
        if (thread.state.load(memory_order_relaxed) != ThreadState::kSleeping) {
            return false;  // on its way to this queue; or it was here, and runs  (relaxed: as
                           // above)
        }
        if (timed_wait != nullptr && thread.timed_wait != *timed_wait) {
            return false;  // that wait has ended: this is another
        }
        remove_any(*queue, thread);
        return true;
    }
}

bool take_for_timeout(Thread& thread, std::uint64_t wait)
{
    if (!take_sleeper(thread, &wait)) {
        return false;
    }
    thread.wake_cause = WakeCause::kTimedOut;
    return true;
}

}  // namespace

void start_sleep_queues() noexcept
{
    timeout_hook = take_for_timeout;
}

void reset_sleep_queues() noexcept LT_NO_TSA
{
    // All zeros, without touching pages that were not used.
    static_assert(sizeof(sleep_queues) % kPageSize == 0);
    if (os::raw_syscall(SYS_madvise, os::syscall_argument(sleep_queues), sizeof(sleep_queues),
                        MADV_DONTNEED) != 0) {
        std::memset(static_cast<void*>(sleep_queues), 0, sizeof(sleep_queues));
    }
}

void insert_among(Thread** link, Thread& thread, Among equals) noexcept
{
    Thread& first = **link;
    const std::uint16_t rank = thread.sleep_rank;
    const Place place =
        equals == Among::kAtFront ? place_at_front(first, rank) : place_behind_equals(first, rank);
    thread.prev = place.after;
    thread.next = place.after->next;
    thread.prev->next = &thread;
    thread.next->prev = &thread;
    if (place.leads) {
        thread.queue_chain = first.queue_chain;
        *link = &thread;
    }
}

WakeCause sleep_prepared(Thread& self, SleepQueue& queue,
                         const Deadline* deadline) noexcept LT_NO_TSA
{
    const bool cancelled =
        (self.wait_flags & kWaitCancellable) != 0 && LT_UNLIKELY(is_cancelled_unseen(self));
    if (LT_UNLIKELY(cancelled || wants_attention(self))) {
        remove_any(queue, self);
        self.wait_kind = WaitKind::kNone;
        queue.lock.unlock();
        return cancelled ? WakeCause::kCancelled : WakeCause::kInterrupted;
    }
    // relaxed: published by the release of the queue's lock. From here on others may take the
    // thread.
    self.state.store(ThreadState::kSleeping, memory_order_relaxed);
    if (deadline != nullptr) {
        arm_timeout(self, *deadline);
    }
    LT_PROBE4(thread__sleep, in_place(self.id), self.wait_kind, self.wait_object, self.wait_target);
    block_current(self, queue.lock);
    LT_PROBE2(thread__wake, in_place(self.id), self.wake_cause);
    if (deadline != nullptr) {
        disarm_timeout(self);
    }
    self.wait_kind = WaitKind::kNone;
    return self.wake_cause;
}

WakeCause sleep_alone(Thread& self, WaitKind kind, const Deadline* deadline,
                      std::int64_t since) noexcept LT_NO_TSA
{
    // Few enough to stay in the cache.
    constexpr std::size_t kQueues = 256;
    SleepQueue& queue =
        sleep_queues[reinterpret_cast<std::uintptr_t>(&self) / sizeof(self) % kQueues];
    lock_to_sleep(self, queue);
    self.wait_object = nullptr;
    self.wait_kind = kind;
    self.wait_flags = kWaitCancellable;
    self.since_ns.store(since, memory_order_relaxed);  // relaxed: for lwpinspect
    return sleep_prepared(self, queue, deadline);
}

Thread* take_first(SleepQueue& queue, const void* object) noexcept
{
    Thread** const link = find_link(queue, object);
    Thread* const chosen = first_awake(*link);
    if (chosen != nullptr) {
        remove(link, *chosen);
    }
    return chosen;
}

Thread* choose_first(SleepQueue& queue, const void* object) noexcept
{
    return first_awake(*find_link(queue, object));
}

void take_chosen(SleepQueue& queue, Thread& chosen) noexcept
{
    remove(find_link(queue, chosen.wait_object), chosen);
}

Thread* peek_first(SleepQueue& queue, const void* object) noexcept
{
    return *find_link(queue, object);
}

bool take_thread(Thread& thread) noexcept
{
    return take_sleeper(thread, nullptr);
}

void take_place(Thread& thread) noexcept LT_NO_TSA
{
    reposition(thread);
    for (;;) {
        // acquire: as in take_sleeper(); reposition() has taken a lock, a full barrier, between the
        // new level and this. A thread that announces its queue later reads the level later still.
        SleepQueue* queue = thread.sleep_queue.load(memory_order_acquire);
        if (queue == nullptr) {
            return;
        }
        const SpinGuard guard{queue->lock};
        // relaxed: exact under the lock for this queue.
        if (thread.ring.load(memory_order_relaxed) == queue) {
            if (thread.sleep_rank != rank_of(thread)) {
                unlink(find_link(*queue, thread.wait_object), thread);
                insert(*queue, thread, Among::kBehind);
            }
            return;
        }
        // relaxed: still announced, so it comes here after us, if at all; else it moved on.
        if (thread.sleep_queue.load(memory_order_relaxed) == queue) {
            return;
        }
    }
}

bool put_sleeping(SleepQueue& queue, Thread& thread, const void* object, WaitKind kind) noexcept
{
    // relaxed: the fence below orders it.
    thread.sleep_queue.store(&queue, memory_order_relaxed);
    // seq_cst: as in prepare_to_sleep(), on the sleeper's behalf. In between it was on no queue,
    // and whoever sent it a signal then could not take it.
    std::atomic_thread_fence(memory_order_seq_cst);
    // relaxed: ordered by the fence.
    if ((thread.requests.load(memory_order_relaxed) & kRequestAttention) != 0) {
        thread.sleep_queue.store(nullptr, memory_order_relaxed);  // relaxed: nobody acts on it
        return false;
    }
    thread.wait_object = object;
    thread.wait_kind = kind;
    thread.wait_flags = 0;
    // relaxed: read under the queue's lock, and by lwpinspect.
    thread.since_ns.store(now_roughly(), memory_order_relaxed);
    insert(queue, thread, Among::kBehind);
    return true;
}

void resume(Thread& self, Thread& thread, WakeCause cause) noexcept
{
    thread.wake_cause = cause;
    make_runnable(self, thread);
}

void wake_all(Thread& self, const void* object) noexcept LT_NO_TSA
{
    SleepQueue& queue = sleep_queue_of(object);
    for (;;) {
        queue.lock.lock();
        Thread* sleeper = take_first(queue, object);
        queue.lock.unlock();
        if (sleeper == nullptr) {
            return;
        }
        resume(self, *sleeper, WakeCause::kWoken);
    }
}

}  // namespace lt
