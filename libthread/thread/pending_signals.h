// Signals that wait in the library: those sent to one unbound thread, and those for the process
// that no thread took in the moment between the kernel and us.
#pragma once

#include <csignal>
#include <cstdint>

#include "sched/thread.h"

namespace lt {

// All of these in a critical region.

// Queues a signal for `thread`, which lives; of the standard ones no more than one each, real-time
// ones as often as they come. `for_process`: it may go to another thread instead. False: too many.
[[nodiscard]] bool add_pending(Thread& thread, const siginfo_t& info, bool for_process) noexcept;

// Takes the first of the lowest number in `mask`; false: none. `for_process_only` passes over those
// sent to the thread itself.
[[nodiscard]] bool take_pending(Thread& thread, std::uint64_t mask, siginfo_t& info,
                                bool for_process_only = false) noexcept;

// At the end of the thread, whose signals are lost with it.
void drop_pending(Thread& thread) noexcept;

// Who takes signals of the process out of the kernel's queue holds this until they are where they
// go: so those of one number keep their order. Ranks above the life lock, with which they are given
// to threads.
extern SpinLock intake_lock;

// The next of `mask` that waits in the kernel, for the calling task or the process; false: none.
[[nodiscard]] bool take_from_kernel(std::uint64_t mask, siginfo_t& info) noexcept
    LT_REQUIRES(intake_lock);

// The same for the process. What is held has left the kernel's queue, so it is older than what is
// there.
[[nodiscard]] bool hold_signal(const siginfo_t& info) noexcept;
[[nodiscard]] bool take_held(std::uint64_t mask, siginfo_t& info) noexcept;
std::uint64_t held_signals() noexcept;

// In the child of fork, where nothing is pending; and before it.
void lock_pending() noexcept LT_NO_TSA;
void unlock_pending() noexcept LT_NO_TSA;
void forget_held_after_fork() noexcept LT_NO_TSA;

}  // namespace lt
