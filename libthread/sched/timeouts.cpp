#include "sched/timeouts.h"

#include "arch/cpu.h"
#include "os/clock.h"
#include "os/spinlock.h"
#include "sched/clock_lwp.h"
#include "sched/deadline_heap.h"
#include "sched/expiry.h"
#include "sched/fork.h"
#include "sched/scheduler.h"
#include "sched/wall_alarm.h"

namespace lt {

constinit TimeoutHook timeout_hook = nullptr;
constinit InterruptHook interrupt_hook = nullptr;
constinit Atomic<std::int64_t> next_timeout{kNever};

namespace {

// The time at which a parked LWP wakes to fire deadlines; kNever: none does. A hint: where it says
// too much or too little, the clock LWP makes up for it.
constinit Atomic<std::int64_t> next_alarm{kNever};

// So much later than an LWP without work the clock LWP looks at a deadline that such an LWP should
// have met.
constexpr std::int64_t kGraceNs = 1'000'000;

constexpr std::size_t index_of(Clock clock)
{
    return clock == Clock::kRealtime ? 1 : 0;
}

// Guards both heaps, the heap links and deadline fields of the threads in them, the changes of
// deadline_armed and next_timeout, and what the clock LWP plans. Ranks below sleep queues, above
// nothing.
constinit SpinLock heaps_lock;
constinit DeadlineHeap heaps[2] LT_GUARDED_BY(heaps_lock);
// By clock: it looks at deadlines no later than then. Who arms one that is due before kicks it.
constinit std::int64_t planned_look[2] LT_GUARDED_BY(heaps_lock) = {};

DeadlineHeap& heap_of(Clock clock) LT_REQUIRES(heaps_lock)
{
    return heaps[index_of(clock)];
}

std::int64_t first_deadline(Clock clock) LT_REQUIRES(heaps_lock)
{
    const Thread* first = heap_of(clock).first();
    return first != nullptr ? first->deadline_ns : kNever;
}

// When the clock LWP is to look for a deadline.
std::int64_t look_for(std::int64_t deadline, Clock clock)
{
    return clock == Clock::kMonotonic ? saturating_add(deadline, kGraceNs) : deadline;
}

void publish_next(Clock clock) LT_REQUIRES(heaps_lock)
{
    if (clock == Clock::kMonotonic) {
        // relaxed: a hint; who misses a change is made up for by the clock LWP.
        next_timeout.store(first_deadline(clock), memory_order_relaxed);
    }
}

struct Expired {
    Thread* thread;
    std::uint64_t wait;
};

struct Batch {
    static constexpr std::uint32_t kMost = 64;
    std::uint32_t count = 0;
    Expired entries[kMost];
};

// For fetch_ahead() and what follows.
void fetch_record(const Thread& thread)
{
    arch::prefetch(reinterpret_cast<std::uintptr_t>(&thread.context));
    arch::prefetch(reinterpret_cast<std::uintptr_t>(&thread.next));
    arch::prefetch(reinterpret_cast<std::uintptr_t>(&thread.sleep_queue));
}

void take_expired(Batch& batch, Clock clock, std::int64_t now)
{
    const SpinGuard guard{heaps_lock};
    DeadlineHeap& heap = heap_of(clock);
    batch.count = 0;
    while (batch.count < Batch::kMost && heap.first() != nullptr &&
           heap.first()->deadline_ns <= now) {
        Thread& thread = *heap.first();
        heap.remove(thread);
        fetch_record(thread);
        batch.entries[batch.count++] = {&thread, thread.timed_wait};
        // release: the thread may go on to another wait once it sees this; we are through with it.
        thread.deadline_armed.store(false, memory_order_release);
    }
    publish_next(clock);
}

// Who has slept has left the caches: what waking it touches is fetched while others are woken, its
// sleep queue and its frames above those that the run queue asks for.
void fetch_ahead(const Thread& thread)
{
    constexpr std::uintptr_t kFirstLine = 5;
    constexpr std::uintptr_t kLastLine = 7;
    // relaxed, both: hints. The thread may run already.
    arch::prefetch(reinterpret_cast<std::uintptr_t>(thread.sleep_queue.load(memory_order_relaxed)));
    const std::uintptr_t frame = __atomic_load_n(&thread.context.rsp, __ATOMIC_RELAXED);
    for (std::uintptr_t line = kFirstLine; line <= kLastLine; ++line) {
        arch::prefetch(frame + line * kCacheLine);
    }
}

// Fires up to a batch of those due at `now`; true: there may be more.
bool expire(Thread& self, Clock clock, std::int64_t now)
{
    constexpr std::uint32_t kAhead = 2;
    Batch batch;
    take_expired(batch, clock, now);
    WakeList awake;
    for (std::uint32_t i = 0; i < batch.count; ++i) {
        if (i + kAhead < batch.count) {
            fetch_ahead(*batch.entries[i + kAhead].thread);
        }
        Thread& thread = *batch.entries[i].thread;
        if (timeout_hook(thread, batch.entries[i].wait)) {
            awake.add(thread);
        }
    }
    make_all_runnable(self, awake);
    return batch.count == Batch::kMost;
}

// The monotonic time at which the clock LWP looks for `deadline` of the wall clock, if nobody tells
// it when that is set.
std::int64_t wall_look(std::int64_t deadline)
{
    constexpr std::int64_t kLookAgain = kNanosPerSecond / 2;
    const std::int64_t wait = deadline - os::now(Clock::kRealtime);
    return os::monotonic_now() + (wait < kLookAgain ? wait : kLookAgain);
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
    bool kick = false;
    {
        const SpinGuard guard{heaps_lock};
        thread.deadline_ns = deadline.ns;
        thread.deadline_clock = deadline.clock;
        // relaxed: the lock orders it for whoever takes it out; the thread itself reads it later.
        thread.deadline_armed.store(true, memory_order_relaxed);
        DeadlineHeap& heap = heap_of(deadline.clock);
        heap.insert(thread);
        if (heap.first() == &thread) {
            publish_next(deadline.clock);
            std::int64_t& planned = planned_look[index_of(deadline.clock)];
            const std::int64_t look = look_for(deadline.ns, deadline.clock);
            kick = look < planned;
            planned = kick ? look : planned;
        }
    }
    if (kick) {
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
            publish_next(thread.deadline_clock);
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
    planned_look[0] = planned_look[1] = 0;
    next_timeout.store(kNever, memory_order_relaxed);  // relaxed: nobody else is here
    next_alarm.store(kNever, memory_order_relaxed);    // relaxed: as above
    heaps_lock.unlock();
    forget_wall_alarm();
}

void expire_timeouts(Thread& self, std::int64_t now) noexcept
{
    expire(self, Clock::kMonotonic, now);
}

void expire_neglected_timeouts(Thread& clock) noexcept
{
    while (expire(clock, Clock::kMonotonic, os::monotonic_now() - kGraceNs)) {}
    while (expire(clock, Clock::kRealtime, os::now(Clock::kRealtime))) {}
}

std::int64_t set_alarm() noexcept
{
    const std::int64_t first = next_timeout.load(memory_order_relaxed);  // relaxed: a hint
    if (first >= next_alarm.load(memory_order_relaxed)) {                // relaxed: as above
        return kNever;
    }
    next_alarm.store(first, memory_order_relaxed);  // relaxed: as above
    return first;
}

void clear_alarm(std::int64_t mine) noexcept
{
    // relaxed: as in set_alarm().
    if (mine != kNever && next_alarm.load(memory_order_relaxed) == mine) {
        next_alarm.store(kNever, memory_order_relaxed);  // relaxed: as above
    }
}

std::int64_t plan_clock_sleep(std::int64_t next) noexcept
{
    std::int64_t until = next != 0 ? next : kNever;
    std::int64_t wall = kNever;
    {
        const SpinGuard guard{heaps_lock};
        const std::int64_t look = look_for(first_deadline(Clock::kMonotonic), Clock::kMonotonic);
        until = look < until ? look : until;
        wall = first_deadline(Clock::kRealtime);
        planned_look[index_of(Clock::kMonotonic)] = until;
        planned_look[index_of(Clock::kRealtime)] = wall;
    }
    if (LT_UNLIKELY(wall != kNever) && !set_wall_alarm(wall)) {
        const std::int64_t look = wall_look(wall);
        until = look < until ? look : until;
    }
    return until != kNever ? until : 0;
}

}  // namespace lt
