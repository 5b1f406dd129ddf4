// Waiting for signals without an LWP.
#pragma once

#include <csignal>
#include <cstdint>

#include "base/deadline.h"
#include "base/error.h"
#include "sched/thread.h"

namespace lt {

// sigtimedwait: takes a signal of `set` that waits for the calling unbound thread or the process,
// or sleeps until one comes. kInterrupted: a handler for another one has run; kTimedOut. Acts on
// cancellation.
Error wait_for_signal(Thread& self, std::uint64_t set, siginfo_t& info, const Deadline* deadline);

// sigsuspend: sleeps, with that mask in the meantime, until a handler has run. Acts on
// cancellation.
void suspend_for_signal(Thread& self, std::uint64_t mask);

// While a bound thread waits in the kernel: signals for the process that come to the library
// meanwhile are sent there.
class AwaitedInKernel {
  public:
    AwaitedInKernel(Thread& self, std::uint64_t set) noexcept;
    ~AwaitedInKernel();
    AwaitedInKernel(const AwaitedInKernel&) = delete;
    AwaitedInKernel& operator=(const AwaitedInKernel&) = delete;

    // Takes what came to the library before, and would never reach the kernel's wait.
    [[nodiscard]] bool take_held_back(siginfo_t& info) noexcept;

  private:
    Thread& self_;
    std::uint64_t set_;
};

// The calling thread is about to be multiplexed: what the kernel has for its task alone goes to the
// thread.
void take_signals_from_kernel(Thread& self) noexcept;

}  // namespace lt
