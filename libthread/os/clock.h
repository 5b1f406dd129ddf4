// The clocks that the library reads, in nanoseconds.
#pragma once

#include <cstdint>
#include <ctime>

#include "base/deadline.h"

namespace lt::os {

inline std::int64_t read_clock(clockid_t clock) noexcept
{
    std::timespec now{};
    ::clock_gettime(clock, &now);
    return now.tv_sec * kNanosPerSecond + now.tv_nsec;
}

inline std::int64_t monotonic_now() noexcept
{
    return read_clock(CLOCK_MONOTONIC);
}

// A few milliseconds old at worst, and much cheaper: for stamps that people read.
inline std::int64_t coarse_now() noexcept
{
    return read_clock(CLOCK_MONOTONIC_COARSE);
}

inline std::int64_t now(Clock clock) noexcept
{
    return read_clock(clock == Clock::kRealtime ? CLOCK_REALTIME : CLOCK_MONOTONIC);
}

// Processor time that a task of this process has used so far.
inline std::int64_t task_cpu_time(std::uint32_t tid) noexcept
{
    // The kernel's encoding of "scheduler clock of that thread".
    constexpr int kThreadClock = 6;
    return read_clock(static_cast<clockid_t>(~tid << 3) | kThreadClock);
}

}  // namespace lt::os
