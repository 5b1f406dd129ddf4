// What a debugger asks of the library: reports of events, and threads held back. It reads and
// writes our memory from outside while all tasks are stopped; docs/INSPECT_ABI.md, "Orders".
#pragma once

#include <cstdint>

#include "base/compiler.h"
#include "sched/thread.h"

namespace lt {

LT_NOINLINE void report_event_slowly(Thread& self, DebugEvent event, std::uint32_t data) noexcept;

// Called by the running thread where a debugger may stop it: with no lock held. `data`: the id of a
// thread that was created.
inline void report_event(Thread& self, DebugEvent event, std::uint32_t data = 0)
{
    // relaxed, both: written while this task is stopped.
    const std::uint32_t wanted = process.debug_events.load(memory_order_relaxed) |
                                 self.debug_events.load(memory_order_relaxed);
    if (LT_UNLIKELY((wanted & debug_event_bit(event)) != 0)) {
        report_event_slowly(self, event, data);
    }
}

// A new record's part: whether events of the thread are reported is as for its creator.
inline void inherit_debug_events(Thread& thread, const Thread* creator) noexcept
{
    // relaxed, all: as in report_event().
    const std::uint32_t on =
        creator == nullptr ? 0 : creator->debug_events.load(memory_order_relaxed) & kDebugEventsOn;
    thread.debug_events.store(on, memory_order_relaxed);  // relaxed: as above
    thread.debug_event.store(0, memory_order_relaxed);    // relaxed: as above
}

// Publishes where events are reported, and joins the clock LWP's turns, after those who are there.
void start_obeying_debugger() noexcept;

}  // namespace lt
