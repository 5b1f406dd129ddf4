// Where threads sleep: queues hashed by the address of the object they wait for.
//
// One queue serves many objects; its lock guards its lists, the wait fields of the threads on it,
// and the waiter marks in the words of the objects that hash to it. Rank: leaf; nobody holds two.
// Whoever takes a thread off the list, under the lock, owns it and must call resume() on it: this
// decides between wake-up, timeout, signal and cancellation. [I8]
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/compiler.h"
#include "os/spinlock.h"
#include "sched/critical.h"
#include "sched/scheduler.h"
#include "sched/thread.h"

namespace lt {

enum WaitFlag : std::uint32_t {
    kWaitCancellable = 1,  // pthread_cancel ends the wait with WakeCause::kCancelled
    kWaitAtFront = 2,      // before others of its priority: it has queued here before
};

struct WaitSpec {
    const void* object = nullptr;
    WaitKind kind = WaitKind::kNone;
    const Deadline* deadline = nullptr;  // nullptr: none
    std::uint32_t flags = 0;             // WaitFlag
    std::uint32_t target = 0;            // for lwpinspect: the thread joined
    void* mutex = nullptr;               // cond_wait: where a broadcast may move the thread
    std::uint64_t token = 0;             // free use by the object's code: Thread::wait_token
    std::int64_t since_ns = 0;           // when a wait that goes on began; 0: it begins now
};

class alignas(kCacheLine) SleepQueue {
  public:
    SpinLock lock;
    // The first sleeper on the first object; queue_chain leads to the first sleeper on the next
    // one. The sleepers on one object form a ring by next and prev, first to last.
    Thread* head LT_GUARDED_BY(lock) = nullptr;
};

// Once, before the first wait with a deadline.
void start_sleep_queues() noexcept;

// In the child of fork, where the sleepers do not exist: all queues empty and unlocked.
void reset_sleep_queues() noexcept;

// So many that a million threads, each asleep on an object of its own, share a queue with about
// fifteen others: whoever falls asleep passes them all. Pages that are not used cost nothing.
inline constexpr unsigned kQueueBits = 16;
extern SleepQueue sleep_queues[std::size_t{1} << kQueueBits];

inline SleepQueue& sleep_queue_of(const void* object) noexcept
{
    // Fibonacci hashing: neighbouring objects land far apart.
    constexpr std::uint64_t kGolden = 0x9e3779b97f4a7c15;
    const auto address = reinterpret_cast<std::uintptr_t>(object);
    return sleep_queues[((address >> 3) * kGolden) >> (64 - kQueueBits)];
}

// Locks `queue` for a thread that may go to sleep there; saves sleep_on() a fence. In a critical
// region.
inline void lock_to_sleep(Thread& self, SleepQueue& queue) noexcept LT_ACQUIRE(queue.lock) LT_NO_TSA
{
    // relaxed: the locked instruction in lock() is a full barrier on x86-64. So either whoever
    // raises kRequestAttention finds this queue here, or we find it raised in sleep_on().
    self.sleep_queue.store(&queue, memory_order_relaxed);
    queue.lock.lock();
}

// Sleeps until the deadline, a signal or a cancellation, for no object: `self` stands in no ring,
// and shares nothing but a lock with other sleepers. In a critical region of depth 1, which is
// still held afterwards. `since`: when the wait began.
[[nodiscard]] WakeCause sleep_alone(Thread& self, WaitKind kind, const Deadline* deadline,
                                    std::int64_t since) noexcept;

// Takes the sleeper of `object` off the queue that is to be woken: the first that is not suspended,
// or else the first; nullptr when there is none.
[[nodiscard]] Thread* take_first(SleepQueue& queue, const void* object) noexcept
    LT_REQUIRES(queue.lock);

// The one that take_first() would take, and taking it: it may be suspended in between.
[[nodiscard]] Thread* choose_first(SleepQueue& queue, const void* object) noexcept
    LT_REQUIRES(queue.lock);
void take_chosen(SleepQueue& queue, Thread& chosen) noexcept LT_REQUIRES(queue.lock);

// The first sleeper of `object`, left where it is.
[[nodiscard]] Thread* peek_first(SleepQueue& queue, const void* object) noexcept
    LT_REQUIRES(queue.lock);

// The sleeper behind `thread` on the same object, whose first sleeper is `first`; nullptr: none.
[[nodiscard]] inline Thread* sleeper_after(const Thread& thread, const Thread& first) noexcept
{
    return thread.next != &first ? thread.next : nullptr;
}

// Whether anyone sleeps on `object`.
[[nodiscard]] inline bool has_sleeper(SleepQueue& queue, const void* object) noexcept
    LT_REQUIRES(queue.lock)
{
    return peek_first(queue, object) != nullptr;
}

// Takes `thread` off the queue it sleeps on, if it sleeps at all: for timeouts, signals,
// cancellation. True: the caller owns it and must resume() it. For signals and cancellation: raise
// kRequestAttention by a seq_cst read-modify-write first, so that a thread about to sleep finds it.
[[nodiscard]] bool take_thread(Thread& thread) noexcept;

// Gives a thread whose level has changed its place among the sleepers or the runnable, behind
// others of its new rank. In a critical region, without locks of rank below life_lock. The thread
// may be anything by now.
void take_place(Thread& thread) noexcept;

// Moves a sleeper that the caller has taken with take_first() to another object's queue, whose lock
// the caller holds: it goes on sleeping there, not cancellable; a deadline may still wake it.
// False: a signal waits for it, so it was not moved and must be resumed.
[[nodiscard]] bool put_sleeping(SleepQueue& queue, Thread& thread, const void* object,
                                WaitKind kind) noexcept LT_REQUIRES(queue.lock);

// Lets a thread taken off its queue run again. Call without any sleep queue's lock, in the critical
// region; `self` is the calling thread.
void resume(Thread& self, Thread& thread, WakeCause cause) noexcept;

// Wakes every sleeper of `object`.
void wake_all(Thread& self, const void* object) noexcept;

}  // namespace lt
