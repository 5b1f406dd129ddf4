// A call of libc in which an unbound thread sleeps while its LWP runs others.
//
// Only unbound threads park: a bound thread, one made by others and a handler on an LWP's idle
// context call straight through to libc, at the cost of one look at the thread's flags.
#pragma once

#include <cstdint>

#include "base/deadline.h"
#include "sched/settings.h"
#include "sched/thread.h"

namespace lt::io {

// The calling thread if its calls park, otherwise nullptr.
inline Thread* parking_self()
{
    Thread* self = current_thread;
    // relaxed: those that change do so on the thread itself.
    if (self == nullptr || (self->flags.load(memory_order_relaxed) &
                            (kFlagBound | kFlagForeign | kFlagIdle | kFlagVfork)) != 0) {
        return nullptr;
    }
    return LT_LIKELY(settings.park_in_calls) ? self : nullptr;
}

// Whether the thread may be switched away from here: not on an alternate signal stack, which
// belongs to the LWP, nor in a critical region.
bool can_park_here(const Thread& self) noexcept;

// What ends a parked call. Lives on the waiter's stack; its address is what the thread sleeps on.
// Whoever wakes it stores the outcome first, then takes the thread off the sleep queue; a waiter
// that has not fallen asleep yet looks at it under that queue's lock.
struct Waiter {
    enum Outcome : std::uint32_t { kNone, kReady, kClosed };

    Thread* thread;
    std::int64_t since_ns = 0;  // when a wait that goes on began; 0: it begins now
    // Written once by the waker, under the lock of the descriptor's entry; read by the waiter.
    Atomic<std::uint32_t> outcome{kNone};
};

// Sleeps until the waiter has an outcome, or another WakeCause comes first. In a critical region of
// depth 1, which is still held afterwards.
WakeCause sleep_as(Thread& self, Waiter& waiter, WaitKind kind, std::uint32_t target,
                   const Deadline* deadline) noexcept;

// Gives the waiter its outcome; the thread if it was asleep and is now the caller's to resume(),
// otherwise nullptr. The waiter must not leave meanwhile: the caller holds what it needs for that.
Thread* end_wait(Waiter& waiter, Waiter::Outcome outcome) noexcept;

// The handlers that had run on a thread when a call began.
struct HandlersSeen {
    explicit HandlersSeen(const Thread& self)
        : run{self.handlers_run}, ending{self.handlers_ending_calls}
    {
    }
    // Whether the call is to fail with EINTR: restartable calls only if some handler was installed
    // without SA_RESTART.
    [[nodiscard]] bool interrupt(const Thread& self, bool restartable) const
    {
        return restartable ? self.handlers_ending_calls != ending : self.handlers_run != run;
    }

    std::uint32_t run;
    std::uint32_t ending;
};

}  // namespace lt::io
