// Which readers/writer locks a thread holds for reading, and how often. The record hangs on
// Thread::read_holds, is the thread's own, and stays with the thread's record for good: what a
// thread that ended has left in it is dropped when the next one looks.
#pragma once

#include <cstdint>

#include "sched/thread.h"

namespace lt {

inline constexpr std::uint32_t kMaxReadHolds = 100'000;

struct ReadHold {
    const void* lock = nullptr;  // nullptr: free
    std::uint32_t count = 0;
};

// The caller's hold on `lock`; nullptr: none.
ReadHold* find_read_hold(Thread& self, const void* lock) noexcept;

// A free entry of the caller's; nullptr: no memory. In a critical region, as is its use.
ReadHold* free_read_hold(Thread& self) noexcept;

// Held over a fork.
void lock_read_holds() noexcept;
void unlock_read_holds() noexcept;

}  // namespace lt
