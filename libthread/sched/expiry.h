// The clock LWP's side of sched/timeouts.h.
#pragma once

#include <cstdint>

#include "sched/thread.h"

namespace lt {

// Fires every deadline that has passed; returns when the next one is due (CLOCK_MONOTONIC), 0:
// none.
std::int64_t expire_timeouts(Thread& clock_thread) noexcept;

}  // namespace lt
