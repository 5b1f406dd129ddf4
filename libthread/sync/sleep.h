// Falling asleep, for those who do; the others need no more than sync/sleep_queue.h. What fills in
// a thread is inline: what a WaitSpec says is mostly known where it is written.
#pragma once

#include "sched/clock_lwp.h"
#include "sync/sleep_queue.h"

namespace lt {

// The link that leads to the first sleeper on `object`, or the nullptr at the end of the chain.
LT_INLINE Thread** find_link(SleepQueue& queue, const void* object) LT_REQUIRES(queue.lock)
{
    Thread** link = &queue.head;
    while (*link != nullptr && (*link)->wait_object != object) {
        link = &(*link)->queue_chain;
    }
    return link;
}

// Higher goes first: priority, then writers. Noted in the thread when it is filed, so that a ring
// is in order of its notes whatever becomes of priorities meanwhile.
inline std::uint16_t rank_of(const Thread& thread)
{
    const unsigned writer = thread.wait_kind == WaitKind::kWriteLock ? 1U : 0U;
    return static_cast<std::uint16_t>(thread.level() * 2U + writer);
}

enum class Among : bool { kAtFront, kBehind };

// Files a thread among the sleepers of its object, to whose first one `link` leads.
LT_NOINLINE void insert_among(Thread** link, Thread& thread, Among equals) noexcept;

LT_INLINE void insert(SleepQueue& queue, Thread& thread, Among equals) LT_REQUIRES(queue.lock)
{
    thread.sleep_rank = rank_of(thread);
    thread.ring.store(&queue, memory_order_relaxed);  // relaxed: under the lock
    Thread** link = find_link(queue, thread.wait_object);
    if (LT_LIKELY(*link == nullptr)) {
        thread.next = thread.prev = &thread;
        thread.queue_chain = nullptr;
        *link = &thread;
    } else {
        insert_among(link, thread, equals);
    }
}

// The two halves of sleep_on(). In between the caller may drop and retake queue.lock; it runs all
// the while, so whoever takes it off the queue meanwhile sees a state other than kSleeping, must
// not resume() it, and leaves word in wait_token. Only the object's own take_first() finds such a
// thread.
LT_INLINE void prepare_to_sleep(Thread& self, SleepQueue& queue, const WaitSpec& spec)
    LT_REQUIRES(queue.lock)
{
    // relaxed: our own announcement, if lock_to_sleep() made it.
    if (self.sleep_queue.load(memory_order_relaxed) != &queue) {
        self.sleep_queue.store(&queue, memory_order_relaxed);  // relaxed: the fence orders it
        // seq_cst: store of sleep_queue before the load of requests in sleep_prepared(); the other
        // side raises kRequestAttention, then loads sleep_queue in take_thread().
        std::atomic_thread_fence(memory_order_seq_cst);
    }
    self.wait_object = spec.object;
    self.wait_mutex = spec.mutex;
    self.wait_kind = spec.kind;
    self.wait_target = spec.target;
    self.wait_flags = spec.flags;
    self.wait_token = spec.token;
    // relaxed: read under the queue's lock, and by lwpinspect.
    self.since_ns.store(spec.since_ns != 0 ? spec.since_ns : now_roughly(), memory_order_relaxed);
    insert(queue, self, (spec.flags & kWaitAtFront) != 0 ? Among::kAtFront : Among::kBehind);
}

[[nodiscard]] WakeCause sleep_prepared(Thread& self, SleepQueue& queue,
                                       const Deadline* deadline) noexcept LT_RELEASE(queue.lock);

// Puts the calling thread to sleep; `queue.lock` must be held, in a critical region of depth 1 that
// the caller entered. Releases the lock once the thread's context is saved. When it returns, the
// lock is not held and the critical region still is (leave_critical then runs a pending handler).
// Sleepers on one object are kept by priority, first come first among equals; writers before
// readers. kInterrupted: a signal handler waits to be run; every kind of wait gets it, waits that
// signals must not end simply start again. A thread with kRequestAttention does not even fall
// asleep: handle_attention() must lower it, or the wait would not make progress.
[[nodiscard]] LT_INLINE WakeCause sleep_on(Thread& self, SleepQueue& queue, const WaitSpec& spec)
    LT_RELEASE(queue.lock)
{
    prepare_to_sleep(self, queue, spec);
    return sleep_prepared(self, queue, spec.deadline);
}

}  // namespace lt
