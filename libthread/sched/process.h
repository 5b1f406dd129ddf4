// What there is once in the process.
#pragma once

#include <cstdint>

#include "base/atomic.h"
#include "base/compiler.h"

namespace lt {

// How many threads are alive: the sum of parts, by id, so that LWPs that create and end threads do
// not meet at a counter.
inline constexpr std::uint32_t kThreadParts = 16;
struct alignas(kCacheLine) ThreadPart {
    Atomic<std::uint32_t> alive{0};
};

// One per process, published to lwpinspect. Counters are relaxed: they are shown, never decided on,
// unless said otherwise where they are used.
struct Process {
    Atomic<std::uint32_t> concurrency{1};
    Atomic<std::uint32_t> pool_lwps{0};
    std::uint32_t max_lwps = 1024;
    Atomic<std::uint32_t> growths{0};
    Atomic<std::uint32_t> cap_hits{0};
    Atomic<std::uint32_t> last_id{0};

    // What a debugger asks for: written from outside while all tasks of the process are stopped.
    // docs/INSPECT_ABI.md, "Orders".
    Atomic<std::uint32_t> debug_events{0};  // those that are reported, see DebugEvent
    Atomic<std::uint32_t> debug_orders{0};  // 1: threads' kRequestDebugStop has changed
    // Where it sets breakpoints, and the word that makes the clock LWP look. Written once, and in
    // the child of fork.
    std::uintptr_t event_create = 0;
    std::uintptr_t event_death = 0;
    Atomic<std::uintptr_t> clock_word{0};

    ThreadPart parts[kThreadParts];  // written under the life lock's shards

    [[nodiscard]] std::uint32_t threads() const
    {
        std::uint32_t sum = 0;
        for (const ThreadPart& part : parts) {
            sum += part.alive.load(memory_order_relaxed);  // relaxed: see above
        }
        return sum;
    }
};

// Numbers of events as debuggers know them: bit n - 1 of a mask stands for event n.
enum class DebugEvent : std::uint32_t { kCreate = 8, kDeath = 9 };

constexpr std::uint32_t debug_event_bit(DebugEvent event)
{
    return 1U << (static_cast<std::uint32_t>(event) - 1);
}

// In a thread's mask: its events are reported at all.
inline constexpr std::uint32_t kDebugEventsOn = 1U << 30U;

extern Process process;

}  // namespace lt
