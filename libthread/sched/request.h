// What others can ask of a thread: bits of Thread::requests.
#pragma once

#include <cstdint>

namespace lt {

enum Request : std::uint32_t {
    // Signals or a cancellation wait for the thread. Raised by anyone, lowered by the thread.
    kRequestAttention = 1,
    // The thread is suspended. Changed under the life lock; stays until thr_continue.
    kRequestStop = 2,
};

}  // namespace lt
