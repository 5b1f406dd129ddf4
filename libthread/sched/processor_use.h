// What a thread knows of its use of the processor. Only the thread itself reads and writes it.
#pragma once

#include <cstdint>

namespace lt {

// schedctl(3C): two words that the thread's program reads and writes without a call.
struct PreemptionWords {
    volatile std::int16_t hold_off = 0;  // set by the program: do not preempt me
    volatile std::int16_t owed = 0;      // set by us: a preemption was held off
};

struct ProcessorUse {
    // From the first gethrvtime of an unbound thread on: only then do its switches read the clock
    // of the LWP.
    bool metered = false;
    bool has_schedctl = false;
    PreemptionWords preemption;

    // The record is another thread's from now on, or the LWP another task's.
    void forget()
    {
        metered = false;
        has_schedctl = false;
        preemption.hold_off = 0;
        preemption.owed = 0;
    }
};

// Of a thread that is metered.
struct ProcessorMeter {
    std::int64_t used_ns = 0;  // up to the last switch
    std::int64_t since = 0;    // the LWP's clock at that switch
};

}  // namespace lt
