#include "sched/timeouts.h"

#include "os/clock.h"
#include "os/spinlock.h"
#include "sched/clock_lwp.h"
#include "sched/expiry.h"
#include "sched/fork.h"

namespace lt {

constinit TimeoutHook timeout_hook = nullptr;
constinit InterruptHook interrupt_hook = nullptr;

namespace {

// A pairing heap threaded through the records: heap_next is the next sibling, heap_prev the
// previous one or, for a first child, the parent.
class DeadlineHeap {
  public:
    [[nodiscard]] Thread* first() const { return root_; }

    void insert(Thread& thread)
    {
        thread.heap_child = thread.heap_next = thread.heap_prev = nullptr;
        root_ = root_ == nullptr ? &thread : meld(*root_, thread);
    }

    void remove(Thread& thread)
    {
        if (root_ == &thread) {
            root_ = merge_pairs(thread.heap_child);
        } else {
            unlink(thread);
            if (Thread* rest = merge_pairs(thread.heap_child)) {
                root_ = meld(*root_, *rest);
            }
        }
        thread.heap_child = thread.heap_next = thread.heap_prev = nullptr;
    }

  private:
    static void unlink(Thread& thread)
    {
        if (thread.heap_prev->heap_child == &thread) {
            thread.heap_prev->heap_child = thread.heap_next;
        } else {
            thread.heap_prev->heap_next = thread.heap_next;
        }
        if (thread.heap_next != nullptr) {
            thread.heap_next->heap_prev = thread.heap_prev;
        }
    }

    static Thread* meld(Thread& a, Thread& b)
    {
        Thread& top = b.deadline_ns < a.deadline_ns ? b : a;
        Thread& below = &top == &a ? b : a;
        below.heap_prev = &top;
        below.heap_next = top.heap_child;
        if (top.heap_child != nullptr) {
            top.heap_child->heap_prev = &below;
        }
        top.heap_child = &below;
        top.heap_next = top.heap_prev = nullptr;
        return &top;
    }

    // Pairs up a list of siblings, then melds the pairs from the last to the first.
    static Thread* merge_pairs(Thread* list)
    {
        Thread* pairs = nullptr;  // through heap_next, last pair first
        while (list != nullptr) {
            Thread* a = list;
            Thread* b = a->heap_next;
            list = b != nullptr ? b->heap_next : nullptr;
            a->heap_next = a->heap_prev = nullptr;
            Thread* pair = a;
            if (b != nullptr) {
                b->heap_next = b->heap_prev = nullptr;
                pair = meld(*a, *b);
            }
            pair->heap_next = pairs;
            pairs = pair;
        }
        Thread* root = nullptr;
        while (pairs != nullptr) {
            Thread* pair = pairs;
            pairs = pair->heap_next;
            pair->heap_next = nullptr;
            root = root == nullptr ? pair : meld(*root, *pair);
        }
        return root;
    }

    Thread* root_ = nullptr;
};

// Guards both heaps, the heap links and deadline fields of the threads in them, and the changes of
// deadline_armed. Ranks below sleep queues, above nothing.
constinit SpinLock heaps_lock;
constinit DeadlineHeap heaps[2] LT_GUARDED_BY(heaps_lock);

DeadlineHeap& heap_of(Clock clock) LT_REQUIRES(heaps_lock)
{
    return heaps[clock == Clock::kRealtime ? 1 : 0];
}

struct Expired {
    Thread* thread;
    std::uint64_t wait;
};

Expired take_expired(Clock clock, std::int64_t now)
{
    const SpinGuard guard{heaps_lock};
    Thread* thread = heap_of(clock).first();
    if (thread == nullptr || thread->deadline_ns > now) {
        return {nullptr, 0};
    }
    heap_of(clock).remove(*thread);
    const Expired expired{thread, thread->timed_wait};
    // release: the thread may go on to another wait once it sees this; we are through with it.
    thread->deadline_armed.store(false, memory_order_release);
    return expired;
}

}  // namespace

void arm_timeout(Thread& thread, const Deadline& deadline) noexcept
{
    if (thread.has(kFlagBound)) {
        // Its LWP sleeps with it and wakes itself: see block_current().
        thread.deadline_ns = deadline.ns;
        thread.deadline_clock = deadline.clock;
        return;
    }
    bool earliest = false;
    {
        const SpinGuard guard{heaps_lock};
        thread.deadline_ns = deadline.ns;
        thread.deadline_clock = deadline.clock;
        // relaxed: the lock orders it for the clock LWP; the thread itself reads it later.
        thread.deadline_armed.store(true, memory_order_relaxed);
        DeadlineHeap& heap = heap_of(deadline.clock);
        heap.insert(thread);
        earliest = heap.first() == &thread;
    }
    if (earliest) {
        kick_clock();
    }
}

void disarm_timeout(Thread& thread) noexcept
{
    // acquire: pairs with the release in take_expired(). A true that is out of date is found out
    // under the lock.
    if (thread.deadline_armed.load(memory_order_acquire)) {
        const SpinGuard guard{heaps_lock};
        // relaxed: changed under the lock only.
        if (thread.deadline_armed.load(memory_order_relaxed)) {
            heap_of(thread.deadline_clock).remove(thread);
            thread.deadline_armed.store(false, memory_order_relaxed);  // relaxed: as above
        }
    }
    // A hook on its way compares this under the lock of the queue on which it finds the thread
    // asleep; the thread has taken that lock since.
    ++thread.timed_wait;
    thread.deadline_ns = 0;
}

void reset_timeouts_after_fork() noexcept LT_NO_TSA
{
    heaps[0] = heaps[1] = DeadlineHeap{};
    heaps_lock.unlock();
}

std::int64_t expire_timeouts(Thread& clock_thread) noexcept
{
    for (const Clock clock : {Clock::kMonotonic, Clock::kRealtime}) {
        for (;;) {
            const Expired expired = take_expired(clock, os::now(clock));
            if (expired.thread == nullptr) {
                break;
            }
            timeout_hook(clock_thread, *expired.thread, expired.wait);
        }
    }
    std::int64_t next = 0;
    const SpinGuard guard{heaps_lock};
    if (const Thread* thread = heap_of(Clock::kMonotonic).first()) {
        next = thread->deadline_ns;
    }
    if (const Thread* thread = heap_of(Clock::kRealtime).first()) {
        // The wall clock may be set while we sleep: look at it twice a second.
        constexpr std::int64_t kLookAgain = kNanosPerSecond / 2;
        const std::int64_t wait = thread->deadline_ns - os::now(Clock::kRealtime);
        const std::int64_t until = os::monotonic_now() + (wait < kLookAgain ? wait : kLookAgain);
        next = next == 0 || until < next ? until : next;
    }
    return next;
}

}  // namespace lt
