// What a thread does, and what it is.
#pragma once

#include <cstdint>

namespace lt {

// Numbers are published in inspect_fields.def.
enum class ThreadState : std::uint32_t {
    // In the free list. Nobody owns anything.
    kFree = 0,
    // Suspended, or made with THR_SUSPENDED: on no queue; whoever moves it to kRunnable, by a
    // compare-exchange, owns it and enqueues it.
    kStopped = 1,
    // On one run queue, or on its way there in the hands of the waker. Its context is saved and no
    // LWP owns its stack. [I2]
    kRunnable = 2,
    // On one LWP, which owns its stack. Only that LWP may leave this state.
    kRunning = 3,
    // On one sleep queue. Whoever takes it off, under that queue's lock, must make it runnable.
    // [I8]
    kSleeping = 4,
    // Ended and off its stack; waits to be joined. The zombie list owns it.
    kZombie = 5,
};

enum ThreadFlag : std::uint32_t {
    kFlagBound = 1,
    kFlagDetached = 2,
    kFlagDaemon = 4,
    kFlagForeign = 8,
    kFlagIdle = 16,
    kFlagNewLwp = 32,
    kFlagUserStack = 64,
    kFlagMutator = 128,  // changed under the life lock
    kFlagVfork = 256,    // a child of vfork(2) runs on its record and stack; changed by itself
};

}  // namespace lt
