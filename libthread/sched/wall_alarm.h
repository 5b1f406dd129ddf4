// Wakes the clock LWP when the wall clock reaches a time, also because it was set: a timer of the
// kernel's, whose signal breaks the sleep. So nobody has to look at the clock now and then.
#pragma once

#include <cstdint>

namespace lt {

// The clock LWP only. False: there is no timer to be had.
[[nodiscard]] bool set_wall_alarm(std::int64_t deadline_ns) noexcept;

// In the child of a fork, which has no timers.
void forget_wall_alarm() noexcept;

}  // namespace lt
