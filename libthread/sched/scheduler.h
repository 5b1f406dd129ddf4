// Decides which thread runs next: waking, yielding, going to sleep.
#pragma once

#include "os/spinlock.h"
#include "sched/thread.h"

namespace lt {

// Hands `thread`, which the caller owns and which is on no queue, to a run queue (or unparks the
// LWP of a bound thread). Does not switch. Call in a critical region.
void make_runnable(Thread& self, Thread& thread) noexcept;

// To be called after make_runnable once the caller's locks are dropped and its critical region is
// left: switches at once if a thread of higher priority than the caller waits for an LWP and
// the caller did not ask by schedctl_start() to be let run on.
void preempt_if_outranked(Thread& self) noexcept;

// The caller's thread is on a sleep queue guarded by `lock`, which the caller holds, in state
// kSleeping. Saves its context, releases `lock` on the next stack [I3] and runs something else;
// returns when the thread was made runnable and chosen. Call in a critical region (depth 1).
void block_current(Thread& self, SpinLock& lock) noexcept LT_NO_TSA;

// thr_yield: to the end of the run queue of its priority.
void yield(Thread& self) noexcept;

// Ends the calling thread's use of its stack: runs `after` on the next stack and never returns.
// `heir`: a thread that the caller has taken off its sleep queue, to be run next; nullptr: none.
[[noreturn]] void leave_for_good(Thread& self, void (*after)(void*), void* argument,
                                 Thread* heir) noexcept;

}  // namespace lt
