// The locks that a thread must account for: which readers/writer locks it holds for reading, and
// how often; which robust and priority mutexes. The record hangs on Thread::holds, is the thread's
// own, and stays with the thread's record for good: what a thread that ended has left in it is
// dropped when the next one looks.
#pragma once

#include <cstdint>

#include "sched/thread.h"

namespace lt {

inline constexpr std::uint32_t kMaxReadHolds = 100'000;

struct Hold {
    const void* object = nullptr;  // nullptr: free
    std::uint32_t count = 0;       // read holds of a readers/writer lock; 0: it is a mutex
    // Shared robust mutexes: the process's list of them; guarded by sync/robust.cpp's lock.
    bool listed = false;
    Hold* newer = nullptr;
    Hold* older = nullptr;
};

// The caller's hold on `object`; nullptr: none.
Hold* find_hold(Thread& self, const void* object) noexcept;

// A free entry of the caller's; nullptr: no memory. In a critical region, as is its use.
Hold* free_hold(Thread& self) noexcept;

// Calls visit(hold) for every hold of the caller.
using VisitHold = void (*)(Hold& hold, void* argument);
void for_each_hold(Thread& self, VisitHold visit, void* argument) noexcept;

// Held over a fork.
void lock_holds() noexcept;
void unlock_holds() noexcept;

}  // namespace lt
