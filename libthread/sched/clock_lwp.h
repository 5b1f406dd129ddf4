// The library's own LWP: expires timeouts, watches that runnable threads find an LWP (Solaris'
// SIGWAITING rule) and makes LWPs. It carries no thread and sleeps while there is nothing to watch.
#pragma once

#include <cstdint>

#include "base/atomic.h"
#include "base/compiler.h"
#include "base/error.h"
#include "os/clock.h"

namespace lt {

// Starts it, once; kLimit or kNoMemory: the caller's operation fails with that.
Error start_clock_lwp() noexcept;

// Whether it runs; after a fork it does not.
bool clock_started() noexcept;

// Makes it look now: a deadline earlier than its next waking, or LWPs to be made.
void kick_clock() noexcept;

// Whether it sleeps without a reason to watch the run queues. Written by the clock LWP; read by
// every pusher without a fence (the clock LWP calls process_wide_fence() before its last look).
extern Atomic<std::uint32_t> clock_unwatching;

inline void notify_clock_of_work() noexcept
{
    // relaxed: see above.
    if (LT_UNLIKELY(clock_unwatching.load(memory_order_relaxed) != 0)) {
        kick_clock();
    }
}

// When it last looked, for now_roughly(); written by it.
extern Atomic<std::int64_t> clock_looked_ns;

// The monotonic clock, for stamps that people read and that are too frequent for a call of the
// kernel's: while the clock LWP watches, the time of its last look, some 10 ms ago at most.
inline std::int64_t now_roughly() noexcept
{
    // acquire: pairs with the clock LWP's, which has looked before. relaxed: a later look is as
    // good.
    return LT_LIKELY(clock_unwatching.load(memory_order_acquire) == 0)
               ? clock_looked_ns.load(memory_order_relaxed)
               : os::coarse_now();
}

// Called at each turn of the clock LWP, which may start tasks there; returns when it wants to be
// called again at the latest, 0: whenever. Installed once.
using ClockTurnHook = std::int64_t (*)() noexcept;
extern ClockTurnHook clock_turn_hook;

}  // namespace lt
