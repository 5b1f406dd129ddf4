#include "lwp/parker.h"

#include "arch/cpu.h"
#include "os/clock.h"
#include "os/futex.h"
#include "os/syscall.h"

namespace lt {
namespace {

// Set when the poller opens or moves it, and in the child of fork; read by whoever rings.
constinit Atomic<int> bell_fd{-1};

__attribute__((always_inline)) inline std::uintptr_t own_frame()
{
    return reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
}

}  // namespace

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
    note_asleep(own_frame());
    std::uint32_t expected = kEmpty;
    // acquire on failure: we read an unparker's write and see what it did before. release: nothing
    // to publish, but keeps one history with the exchange in unpark().
    if (!state_.compare_exchange_strong(expected, kParked, memory_order_acq_rel,
                                        memory_order_acquire)) {
        // acquire: pairs with the release in unpark(); takes the notification.
        state_.exchange(kEmpty, memory_order_acquire);
        note_asleep(0);
        return true;
    }
    os::futex_wait(state_, kParked, until, os::FutexScope::kPrivate);
    // acquire: whoever notified us wrote before; an early return just gives up the place.
    state_.exchange(kEmpty, memory_order_acquire);
    note_asleep(0);
    return false;
}

void Parker::unpark() noexcept
{
    // release: what the unparker wrote is visible to the LWP it wakes. An exchange even when
    // already kNotified: the sleeper must read *our* write to synchronise with us.
    const std::uint32_t before = state_.exchange(kNotified, memory_order_release);
    if (before == kParked) {
        os::futex_wake(&state_, 1, os::FutexScope::kPrivate);
    } else if (before == kWatching) {
        const std::uint64_t one = 1;
        os::raw_syscall(SYS_write, bell(), os::syscall_argument(&one), sizeof(one));
    }
}

bool Parker::begin_watch() noexcept
{
    std::uint32_t expected = kEmpty;
    // acq_rel, acquire: as in park().
    if (state_.compare_exchange_strong(expected, kWatching, memory_order_acq_rel,
                                       memory_order_acquire)) {
        note_asleep(own_frame());
        return true;
    }
    // acquire: pairs with the release in unpark(); takes the notification.
    state_.exchange(kEmpty, memory_order_acquire);
    return false;
}

void Parker::end_watch() noexcept
{
    note_asleep(0);
    state_.exchange(kEmpty, memory_order_acquire);  // acquire: as in park()
}

void Parker::set_bell(int fd) noexcept
{
    bell_fd.store(fd, memory_order_release);  // release: it exists
}

int Parker::bell() noexcept
{
    return bell_fd.load(memory_order_acquire);  // acquire: pairs with set_bell()
}

}  // namespace lt
