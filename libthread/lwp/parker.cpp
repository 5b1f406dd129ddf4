#include "lwp/parker.h"

#include "arch/cpu.h"
#include "os/clock.h"
#include "os/futex.h"

namespace lt {

bool Parker::park(const Deadline* until, std::int64_t spin_ns) noexcept
{
    if (spin_ns > 0) {
        const std::int64_t end = os::monotonic_now() + spin_ns;
        // relaxed: looks before the exchange below, which orders.
        const auto notified = [&] { return state_.load(memory_order_relaxed) == kNotified; };
        do {
            for (int i = 0; i < 16 && !notified(); ++i) {
                arch::pause();
            }
        } while (!notified() && os::monotonic_now() < end);
    }
    std::uint32_t expected = kEmpty;
    // acquire on failure: we read an unparker's write and see what it did before. release: nothing
    // to publish, but keeps one history with the exchange in unpark().
    if (!state_.compare_exchange_strong(expected, kParked, memory_order_acq_rel,
                                        memory_order_acquire)) {
        // acquire: pairs with the release in unpark(); takes the notification.
        state_.exchange(kEmpty, memory_order_acquire);
        return true;
    }
    os::futex_wait(state_, kParked, until, os::FutexScope::kPrivate);
    // acquire: whoever notified us wrote before; an early return just gives up the place.
    state_.exchange(kEmpty, memory_order_acquire);
    return false;
}

void Parker::unpark() noexcept
{
    // release: what the unparker wrote is visible to the LWP it wakes. An exchange even when
    // already kNotified: the sleeper must read *our* write to synchronise with us.
    if (state_.exchange(kNotified, memory_order_release) == kParked) {
        os::futex_wake(&state_, 1, os::FutexScope::kPrivate);
    }
}

}  // namespace lt
