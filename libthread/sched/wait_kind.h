// What a thread sleeps for, and what ends its sleep.
#pragma once

#include <cstdint>

namespace lt {

// Numbers are published in inspect_fields.def.
enum class WaitKind : std::uint32_t {
    kNone = 0,
    kMutex = 1,
    kCond = 2,
    kSema = 3,
    kReadLock = 4,
    kWriteLock = 5,
    kJoin = 6,
    kExit = 7,
    kSleep = 8,
    // Until a descriptor is ready: wait_target is its number.
    kRead = 9,
    kWrite = 10,
    kAccept = 11,
    kPoll = 12,  // wait_target is the first descriptor
    kEpoll = 13,
    kStop = 14,
    kSignal = 15,  // sigwait, sigsuspend and their kin
    kConnect = 16,
    kWaitPid = 17,  // for a child: wait_target is its number
    kWaitFd = 18,   // the same by a descriptor of the program's
};

// Why a sleep ended. Decided by whoever takes the thread off its sleep queue.
enum class WakeCause : std::uint32_t { kWoken, kTimedOut, kInterrupted, kCancelled };

}  // namespace lt
