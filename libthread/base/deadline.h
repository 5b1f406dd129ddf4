// Points in time at which a wait gives up.
#pragma once

#include <cstdint>
#include <ctime>
#include <limits>

namespace lt {

inline constexpr std::int64_t kNanosPerSecond = 1'000'000'000;

// Which clock a deadline is read from. Solaris' absolute waits follow the wall clock even when it
// is set; relative waits must not.
enum class Clock : std::uint8_t { kMonotonic, kRealtime };

struct Deadline {
    std::int64_t ns = 0;  // absolute, of `clock`; never 0 for a set deadline
    Clock clock = Clock::kMonotonic;
};

constexpr std::int64_t saturating_add(std::int64_t a, std::int64_t b)
{
    std::int64_t sum = 0;
    return __builtin_add_overflow(a, b, &sum) ? std::numeric_limits<std::int64_t>::max() : sum;
}

// Saturating: a time too far away is "never" for all practical purposes.
constexpr std::int64_t to_nanos(const std::timespec& time)
{
    constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
    if (time.tv_sec >= kMax / kNanosPerSecond - 1) {
        return kMax;
    }
    if (time.tv_sec < 0) {
        return 1;
    }
    // The nanoseconds may be a program's, and not yet looked at.
    const std::int64_t ns = saturating_add(time.tv_sec * kNanosPerSecond, time.tv_nsec);
    return ns == 0 ? 1 : ns;
}

constexpr bool has_valid_nanos(const std::timespec& time)
{
    return time.tv_nsec >= 0 && time.tv_nsec < kNanosPerSecond;
}

}  // namespace lt
