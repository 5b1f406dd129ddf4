// Snapshots made by hand, thread by thread.
#pragma once

#include <optional>

#include "model/snapshot.h"

namespace made {

inline constexpr std::int64_t kSecond = 1'000'000'000;

inline lwpi::Snapshot library_snapshot()
{
    lwpi::Snapshot snapshot;
    snapshot.process.pid = 4711;
    snapshot.process.name = "shop";
    snapshot.process.library.state = lwpi::LibraryState::kPresent;
    snapshot.taken_ns = 100 * kSecond;
    return snapshot;
}

inline lwpi::ThreadInfo thread(std::uint64_t id, lwpi::ThreadState state, const char* state_name)
{
    lwpi::ThreadInfo thread;
    thread.id = id;
    thread.state = state;
    thread.state_name = state_name;
    thread.seq = 2;
    thread.switches = 7;
    thread.wait.name = "-";
    return thread;
}

inline lwpi::ThreadInfo running(std::uint64_t id)
{
    return thread(id, lwpi::ThreadState::kRunning, "running");
}

inline lwpi::ThreadInfo ready(std::uint64_t id)
{
    return thread(id, lwpi::ThreadState::kReady, "ready");
}

// Waits for the object at that address, held by that thread if any.
inline lwpi::ThreadInfo blocked(std::uint64_t id, lwpi::WaitKind kind, const char* name,
                                std::uint64_t object, std::optional<std::uint64_t> owner)
{
    lwpi::ThreadInfo info = thread(id, lwpi::ThreadState::kBlocked, "blocked");
    info.wait.kind = kind;
    info.wait.name = name;
    info.wait.object = object;
    if (owner) {
        info.wait.owner = lwpi::Owner{lwpi::Owner::Kind::kThread, *owner};
    }
    info.since_ns = 3 * kSecond;
    return info;
}

inline lwpi::ThreadInfo on_mutex(std::uint64_t id, std::uint64_t object, std::uint64_t owner)
{
    return blocked(id, lwpi::WaitKind::kMutex, "mutex", object, owner);
}

// An LWP asleep in a futex call; `owner`: the LWP that holds the pthread mutex there.
inline lwpi::LwpInfo lwp_on_mutex(int tid, std::uint64_t object, std::optional<int> owner)
{
    lwpi::LwpInfo lwp;
    lwp.tid = tid;
    lwp.kernel_state = 'S';
    lwp.syscall = lwpi::Syscall{202, "futex", {object, 128, 2, 0, 0, 0}, 0, 0};
    lwp.voluntary_switches = 5;
    lwp.wait.kind = owner ? lwpi::WaitKind::kMutex : lwpi::WaitKind::kOther;
    lwp.wait.name = owner ? "mutex" : "futex";
    lwp.wait.object = object;
    if (owner) {
        lwp.wait.owner = lwpi::Owner{lwpi::Owner::Kind::kLwp, static_cast<std::uint64_t>(*owner)};
    }
    return lwp;
}

// The same moment some time later: everybody is as old as that.
inline lwpi::Snapshot later(lwpi::Snapshot snapshot, std::int64_t ns)
{
    snapshot.taken_ns += ns;
    for (lwpi::ThreadInfo& thread : snapshot.threads) {
        if (thread.since_ns) {
            *thread.since_ns += ns;
        }
    }
    return snapshot;
}

}  // namespace made
