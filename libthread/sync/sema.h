// Semaphores.
#pragma once

#include <limits>

#include "base/compiler.h"
#include "base/deadline.h"
#include "base/error.h"
#include "sched/thread.h"
#include "sync/object_layout.h"

namespace lt {

inline constexpr std::uint32_t kSemaMax = std::numeric_limits<std::int32_t>::max();

constexpr std::uint32_t sema_count(std::uint64_t state)
{
    return static_cast<std::uint32_t>(state);
}

// Takes one unless the count is 0.
inline bool try_wait_sema(SemaWords& sema) noexcept
{
    Atomic<std::uint64_t>& state = state_of(sema);
    std::uint64_t value = state.load(memory_order_relaxed);  // relaxed: the exchange decides
    while (sema_count(value) != 0) {
        // acquire: pairs with the release in post_sema().
        if (state.compare_exchange_weak(value, value - 1, memory_order_acquire,
                                        memory_order_relaxed)) {
            return true;
        }
    }
    return false;
}

// Sleeps until one could be taken. kTimedOut, kInterrupted: none was. Acts on a cancellation; not
// noexcept, as the stack is unwound then.
LT_NOINLINE Error wait_sema(Thread& self, SemaWords& sema, const Deadline* deadline);

// Gives one to the first sleeper or adds it to the count. kOverflow. May be called from a signal
// handler. The semaphore may be gone as soon as somebody could take it, and is not touched after
// that.
Error post_sema(Thread& self, SemaWords& sema) noexcept;

}  // namespace lt
