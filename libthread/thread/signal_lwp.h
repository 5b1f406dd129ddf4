// Process-directed signals for threads that no LWP runs.
#pragma once

#include <csignal>

#include "sched/thread.h"

namespace lt {

// A signal for the process has come to `self`, which does not take it: finds the thread that does.
// In a critical region of depth 1 or more, without locks.
void route_signal(Thread& self, const siginfo_t& info) noexcept;

// A thread that may have been woken for one of those that are held, and has not taken it, waits no
// more. As above.
void offer_held_signals(Thread& self) noexcept;

// What the signal LWP waits for may have changed; asks for it if there is none and one is needed.
void tell_signal_lwp() noexcept;

// On the clock LWP: starts it if somebody has asked for it.
void start_signal_lwp_if_wanted() noexcept;

void reset_signal_lwp_after_fork() noexcept;

// In a copy of the process that has a copy of it.
void rename_signal_lwp(std::uint32_t (*new_id)(std::uint32_t)) noexcept;

}  // namespace lt
