// Preemption: a thread that runs is asked to give its LWP to another, by kRequestGiveWay, and does
// so where it can. docs/ARCHITECTURE.md, 11, has the rules and says why nothing is held then that
// others need.
#pragma once

#include <cstdint>

#include "sched/shared_queues.h"
#include "sched/thread.h"

namespace lt {

// After threads have become ready or levels have changed: if one that waits outranks one that runs
// and no LWP looks for work, the one of the lowest level is asked.
void preempt_lowest() noexcept;

// The same after that thread has become ready.
inline void preempt_for(const Thread& ready)
{
    if (LT_UNLIKELY(ready.level() > kCommonPriority)) {
        preempt_lowest();
    }
}

// The same for those that were asked in vain, and the end of time slices. The clock LWP calls it;
// returns when it is to be called again, 0: when something waits.
std::int64_t end_turns(std::int64_t now) noexcept;

// Whether the thread runs a handler of the program, which may have interrupted anything; `sp`:
// where it stands.
bool runs_handler(const Thread& self, std::uintptr_t sp) noexcept;

// What the thread was asked, at the end of a call of the library.
void give_way_if_asked(Thread& self) noexcept;

// The same in a handler of the library's own that has interrupted the program where it may be
// switched. The caller settles the frame: it may be on another LWP.
void give_way_in_handler(Thread& self) noexcept;

}  // namespace lt
