// Puts one LWP to sleep in the kernel until somebody unparks it.
#pragma once

#include <atomic>
#include <cstdint>

#include "base/atomic.h"
#include "base/deadline.h"

namespace lt {

class Parker {
  public:
    enum State : std::uint32_t { kEmpty = 0, kNotified = 1, kParked = 2, kWatching = 3 };

    // Returns after an unpark() that no earlier park() consumed, or spuriously, or at `until`
    // (nullptr: never). Spins for up to `spin_ns` before it calls the kernel; true: that was
    // enough.
    bool park(const Deadline* until = nullptr, std::int64_t spin_ns = 0) noexcept;

    // The same with a time of CLOCK_MONOTONIC; 0: never.
    void park_until(std::int64_t deadline_ns) noexcept
    {
        const Deadline until{deadline_ns, Clock::kMonotonic};
        park(deadline_ns != 0 ? &until : nullptr);
    }

    // Lets the current or the next park() return. Calls the kernel only if someone sleeps there.
    void unpark() noexcept;

    // For a debugger, which may set it to kNotified while all tasks are stopped: a sleep then ends.
    [[nodiscard]] std::uintptr_t word() const { return reinterpret_cast<std::uintptr_t>(&state_); }

    // Around a sleep elsewhere that the bell ends: between the two, unpark() rings it. False: an
    // unpark() came before; do not sleep.
    [[nodiscard]] bool begin_watch() noexcept;
    void end_watch() noexcept;

    // In a handler on the LWP: whether the code with that stack pointer is one of these sleeps, not
    // another handler that came in between. Nothing is half done in a sleep, though a bound thread
    // or a helper sleeps inside its critical region.
    [[nodiscard]] bool is_asleep(std::uintptr_t stack_pointer) const noexcept
    {
        // Calls below a sleep are shallow; the frame that the kernel pushes for a handler is not.
        constexpr std::uintptr_t kNear = 640;
        const std::uintptr_t frame = asleep_.load(memory_order_relaxed);  // relaxed: on this LWP
        return frame != 0 && stack_pointer - frame + kNear < 2 * kNear;
    }

    // Begins and ends a sleep; also for those of another kind. `frame`: where the sleeper's stack
    // is then; 0: it is over.
    void note_asleep(std::uintptr_t frame) noexcept
    {
        std::atomic_signal_fence(std::memory_order_seq_cst);
        asleep_.store(frame, memory_order_relaxed);  // relaxed: read by handlers on this LWP
        std::atomic_signal_fence(std::memory_order_seq_cst);
    }

    // The bell: an eventfd that whoever watches waits for too. -1: there is none.
    static void set_bell(int fd) noexcept;
    static int bell() noexcept;

  private:
    // Written by the parking LWP and by whoever unparks it; every change is a read-modify-write, so
    // all agree on one history.
    Atomic<std::uint32_t> state_{kEmpty};
    // The LWP's own.
    Atomic<std::uintptr_t> asleep_{0};
};

}  // namespace lt
