// What others can ask of a thread: bits of Thread::requests.
#pragma once

#include <cstdint>

namespace lt {

enum Request : std::uint32_t {
    // Signals or a cancellation wait for the thread. Raised by anyone, lowered by the thread.
    kRequestAttention = 1,
    // The thread is suspended, by thr_suspend or as a mutator: it runs as long as it is neither.
    // Changed under the life lock; stays until its counterpart.
    kRequestStop = 2,
    kRequestMutatorStop = 4,
    // The same, by a debugger: changed from outside while all tasks of the process are stopped.
    kRequestDebugStop = 8,
    kRequestStops = kRequestStop | kRequestMutatorStop | kRequestDebugStop,
    // Another thread should have the LWP. Raised by anyone, lowered by the thread when it gives
    // way; it may find that nobody waits any more. See sched/preemption.h.
    kRequestGiveWay = 32,
    // forkall waits for the end of the critical region. Raised and lowered on the thread itself.
    kRequestHalt = 64,
};

}  // namespace lt
