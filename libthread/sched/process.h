// What there is once in the process.
#pragma once

#include <cstdint>

#include "base/atomic.h"

namespace lt {

// One per process, published to lwpinspect. Counters are relaxed: they are shown, never decided on,
// unless said otherwise where they are used.
struct Process {
    Atomic<std::uint32_t> concurrency{1};
    Atomic<std::uint32_t> pool_lwps{0};
    std::uint32_t max_lwps = 1024;
    Atomic<std::uint32_t> growths{0};
    Atomic<std::uint32_t> cap_hits{0};
    Atomic<std::uint32_t> threads{0};
    Atomic<std::uint32_t> last_id{0};
};

extern Process process;

}  // namespace lt
