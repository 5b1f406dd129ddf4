// After a peak: stacks that nobody has needed for a second go back to the system. [D3]
#pragma once

#include <cstdint>

namespace lt {

// A part of the clock LWP's turn: starts a task if there is something to give back. Returns when to
// look again; 0: whenever.
std::int64_t look_for_surplus_stacks() noexcept;

// In the child of fork, where that task does not exist.
void reset_surplus_after_fork() noexcept;

}  // namespace lt
