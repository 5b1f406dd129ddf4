// Who fires the deadlines of sched/timeouts.h.
//
// Those of the monotonic clock: an LWP that runs out of work, which sleeps no longer than until the
// next one; a busy LWP now and then; and, a grace later, the clock LWP, which is the one to rely
// on. Those of the wall clock: the clock LWP.
#pragma once

#include <cstdint>
#include <limits>

#include "base/atomic.h"
#include "sched/thread.h"

namespace lt {

inline constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

// The first deadline of the monotonic clock. Changes with the heap, under its lock; read without,
// as a hint.
extern Atomic<std::int64_t> next_timeout;

inline bool has_timeouts()
{
    return next_timeout.load(memory_order_relaxed) != kNever;  // relaxed: see its declaration
}

inline bool has_timeouts_due(std::int64_t now)
{
    return next_timeout.load(memory_order_relaxed) <= now;  // relaxed: see its declaration
}

// Fires deadlines of the monotonic clock due at `now`, a batch of them, the earliest first: the
// threads are to run before the next. In a critical region, without locks.
void expire_timeouts(Thread& self, std::int64_t now) noexcept;

// Around the sleep of an LWP without work: when it is to wake for the first deadline, because no
// other LWP does; kNever: another one does, or there is none.
std::int64_t set_alarm() noexcept;
void clear_alarm(std::int64_t mine) noexcept;

// For the clock LWP: those that nobody has fired in time, and those of the wall clock.
void expire_neglected_timeouts(Thread& clock) noexcept;

// For the clock LWP, about to sleep until `next` (CLOCK_MONOTONIC; 0: for ever): when to wake for
// deadlines too. Who arms an earlier one afterwards kicks it.
std::int64_t plan_clock_sleep(std::int64_t next) noexcept;

}  // namespace lt
