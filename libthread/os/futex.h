// The kernel's wait-on-a-word, with one meaning for each outcome. Never touches errno.
#pragma once

#include <cstdint>
#include <limits>

#include "arch/wait.h"
#include "base/atomic.h"
#include "base/deadline.h"

namespace lt::os {

enum class FutexScope : std::uint8_t { kPrivate, kShared };

// Sleeps while *word == expected. 0: woken, or the word differed already, or for no reason at all:
// the caller looks again. ETIMEDOUT: the deadline passed. EINTR: a signal handler has run.
int futex_wait(const Atomic<std::uint32_t>& word, std::uint32_t expected, const Deadline* deadline,
               FutexScope scope) noexcept;

// The same for a thread that handlers of signals may keep from waiting: EINTR also if one of the
// watched words has changed, as late as in the last instruction before the kernel's look.
int futex_wait_unless_changed(const Atomic<std::uint32_t>& word, std::uint32_t expected,
                              const Deadline& deadline, FutexScope scope,
                              const arch::Watched (&watched)[2]) noexcept;

constexpr int kEverybody = std::numeric_limits<int>::max();

// Wakes up to `count` sleepers; returns how many. The word may already be unmapped.
int futex_wake(const Atomic<std::uint32_t>* word, int count, FutexScope scope) noexcept;

}  // namespace lt::os
