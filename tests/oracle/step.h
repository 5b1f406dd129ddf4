// One operation of a script, and what it gives.
#pragma once

#include <array>
#include <string>

// Each function deals with some of the operations.
#pragma GCC diagnostic ignored "-Wswitch-enum"

namespace oracle {

constexpr int kActors = 6;
constexpr int kMutexes = 4;  // of each kind: normal, error-checking, recursive, both
constexpr int kConds = 2;    // each with a mutex of its own, see cond_mutex()
constexpr int kSemas = 2;
constexpr int kRwLocks = 2;
constexpr int kKeys = 2;

enum class Op {
    kLock,
    kTryLock,
    kUnlock,
    kCondWait,
    kCondTimedOut,  // a wait until a time that has passed
    kCondTooShort,  // a wait for no time at all
    kCondBadTime,   // a wait for a time that there is not
    kSignal,
    kBroadcast,
    kSemaWait,
    kSemaTryWait,
    kSemaTimedOut,
    kSemaPost,
    kRead,
    kTryRead,
    kWrite,
    kTryWrite,
    kRwUnlock,
    kHeld,  // mutex_held
    kSetKey,
    kGetKey,
    kCreate,    // a thread, whose status is `value`
    kJoin,      // the oldest thread that the actor has made
    kJoinAgain  // one that it has joined
};
constexpr int kOps = static_cast<int>(Op::kJoinAgain) + 1;

struct Step {
    int actor = 0;
    Op op = Op::kHeld;
    int object = 0;
    long value = 0;
};

struct Result {
    int error = 0;
    long value = 0;  // what was read: a key's value, a status

    bool operator==(const Result&) const = default;
};

// The mutex that waiters of the condition variable hold: error-checking, recursive.
constexpr int cond_mutex(int cond)
{
    return 1 + cond;
}

[[nodiscard]] std::string to_string(const Step& step);

}  // namespace oracle
