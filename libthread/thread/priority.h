// Priorities 0 to 127: the order of run queues and of wake-ups.
#pragma once

#include <cstdint>

#include "base/error.h"
#include "sched/thread.h"

namespace lt {

// kNoSuchThread, kInvalid (outside 0..127). Takes effect at once, wherever the thread
// sleeps or waits for an LWP.
Error set_priority(Thread& self, std::uint32_t id, int priority) noexcept;
Error get_priority(Thread& self, std::uint32_t id, int& priority) noexcept;

}  // namespace lt
