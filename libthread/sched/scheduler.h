// Decides which thread runs next: waking, yielding, going to sleep.
#pragma once

#include "os/spinlock.h"
#include "sched/thread.h"

namespace lt {

// Hands `thread`, which the caller owns and which is on no queue, to a run queue (or unparks the
// LWP of a bound thread). Does not switch. Call in a critical region.
void make_runnable(Thread& self, Thread& thread) noexcept;

// Threads that one caller owns, linked by Thread::next.
struct WakeList {
    Thread* first = nullptr;
    Thread** end = &first;

    WakeList() = default;
    WakeList(const WakeList&) = delete;
    WakeList& operator=(const WakeList&) = delete;
    void add(Thread& thread)
    {
        thread.next = nullptr;
        *end = &thread;
        end = &thread.next;
    }
};

// make_runnable() for each of them, in their order.
void make_all_runnable(Thread& self, const WakeList& threads) noexcept;

// make_runnable() for a thread that has not run yet: whoever joins it may make it run at once.
void make_new_runnable(Thread& self, Thread& thread) noexcept;

// To be called ahead of the wait for `target` to end, in a critical region. If it has not run yet
// and its turn may come now, it will run when the caller falls asleep, and the caller again when it
// ends: a tree of threads that join each other then stays as narrow as one of function calls, and
// stacks are used again while they are warm. A caller that does not fall asleep must make
// self.run_next runnable.
void lend_turn(Thread& self, Thread& target) noexcept;

// After creating a thread, outside critical regions: yields when the caller has created many
// without pause. Those that are short end then, and leave their stacks to the next.
void rest_after_creating(Thread& self) noexcept;

// Brings a thread whose level has changed to its place among the runnable ones, if it is one of
// them. In a critical region, without locks of the scheduler; the thread may be anything by now.
void reposition(Thread& thread) noexcept;

// To be called after make_runnable once the caller's locks are dropped and its critical region is
// left: switches at once if a thread of higher priority than the caller waits for an LWP and
// the caller did not ask by schedctl_start() to be let run on.
void preempt_if_outranked(Thread& self) noexcept;

// The caller's thread is on a sleep queue guarded by `lock`, which the caller holds, in state
// kSleeping. Saves its context, releases `lock` on the next stack [I3] and runs something else;
// returns when the thread was made runnable and chosen. Call in a critical region (depth 1).
void block_current(Thread& self, SpinLock& lock) noexcept LT_NO_TSA;

// thr_yield: to the end of the run queue of its priority. The second for an unbound thread in a
// critical region.
void yield(Thread& self) noexcept;
void yield_inside(Thread& self) noexcept;

// Ends the calling thread's use of its stack: `after` runs on the next one. What to do with the
// result, see leave_for().
// self.run_next, its heir, was taken off its sleep queue by the caller and is best run next:
// `after` finds it running, or has to make it runnable. nullptr: none.
[[nodiscard]] const ArchContext* leave_for_good(Thread& self, void (*after)(void*),
                                                void* argument) noexcept;

}  // namespace lt
