// What an LWP of the pool does between threads.
#pragma once

#include "lwp/lwp.h"
#include "sched/thread.h"

namespace lt {

// A runnable thread for `lwp`: from its own queue or the shared ones, best priority first. The
// caller owns it. nullptr: none there; other LWPs may have some.
[[nodiscard]] Thread* pick_next(Lwp& lwp) noexcept;

// A runnable thread from another LWP that has more than one waiting: a lone one is about to be run
// by its own LWP. With `unrun`, also where the first has not run yet. nullptr: none.
[[nodiscard]] Thread* steal_plenty(const Lwp& thief, bool unrun) noexcept;

// A bound thread sleeps until it is kRunning again. While it is suspended, signals for the process
// go to others, and its deadline makes it no more than ready to be continued. In a critical region.
void sleep_with_lwp(Thread& self) noexcept;

// Moves half of what an LWP's queue can hold to where every LWP looks.
class RunQueue;
void spill(RunQueue& queue) noexcept;

// The idle context of a pool LWP: finds threads and runs them; returns when the LWP is to retire.
void run_idle_loop(Lwp& lwp) noexcept;

// Starts one more pool LWP, or takes a spare into service. May call malloc. False: at the limit.
bool add_pool_lwp() noexcept;

// Starts LWPs ahead of need, so that growth does not wait for malloc; called by the clock LWP.
void keep_spare_lwp() noexcept;

// Takes a spare LWP into service without calling malloc or the kernel's clone; false: there is
// none.
bool use_spare_lwp() noexcept;

// Turns the process's leading task, which carries the calling thread, into a pool LWP: with the
// initial thread, or after a fork with the thread that forked. False: out of memory.
[[nodiscard]] bool pool_leading_lwp(Thread& leader) noexcept;

}  // namespace lt
