// What the library publishes about itself for debuggers, read from inside the process: lets a test
// wait until a thread really sleeps, or count LWPs, without guessing by time.
#pragma once

#include <thread.h>

#include <cstdint>
#include <optional>
#include <string>

namespace insight {

// The numbers of inspect_fields.def.
enum class State : std::uint32_t { kFree, kStopped, kReady, kRunning, kBlocked, kZombie };
enum class Wait : std::uint32_t {
    kNone,
    kMutex,
    kCond,
    kSema,
    kReadLock,
    kWriteLock,
    kJoin,
    kExit,
    kStop = 14
};

struct ThreadView {
    State state = State::kFree;
    Wait wait = Wait::kNone;
    std::uint64_t object = 0;  // what it waits for; only with State::kBlocked
    std::uint32_t flags = 0;
    std::uint64_t switches = 0;
};

// The record of one thread; nothing if there is none with that id (any more).
std::optional<ThreadView> thread_view(thread_t id);

// Whether the thread sleeps in the library on `object` (nullptr: on anything).
bool is_blocked(thread_t id, const void* object = nullptr);

// LWPs that have begun, helpers included, and those of them that were started ahead of need.
struct Lwps {
    std::uint32_t all = 0;
    std::uint32_t spare = 0;
};
Lwps lwps();

std::uint32_t pool_lwps();
std::uint32_t growths();

// "hand", "husk" or "bound".
std::string model();

// Whether threads are multiplexed at all: not in the one-to-one model.
bool is_two_level();

}  // namespace insight
