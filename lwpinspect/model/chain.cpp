#include "model/chain.h"

#include <fmt/format.h>

#include <set>
#include <utility>

#include "model/order.h"
#include "support/escape.h"
#include "support/text.h"

namespace lwpi {
namespace {

struct Ending {
    ChainEnd end = ChainEnd::kUnknown;
    std::string what;
};

std::string at_text(const Snapshot& snapshot, const ThreadInfo& thread)
{
    const std::string at = without_parameters(where(snapshot, thread));
    return at.empty() || thread.stack.frames.empty() ? "" : " at " + printable(at);
}

std::string for_text(const std::optional<std::int64_t>& ns)
{
    return ns ? " for " + format_duration(*ns) : "";
}

Ending ending_of_lwp(const LwpInfo& lwp)
{
    if (lwp.syscall) {
        return {ChainEnd::kKernel,
                fmt::format("sleeps on LWP {} in {}", lwp.tid, describe(*lwp.syscall))};
    }
    if (lwp.kernel_state == 'R') {
        return {ChainEnd::kRunning, fmt::format("runs on LWP {}", lwp.tid)};
    }
    return {ChainEnd::kKernel, fmt::format("LWP {} is in kernel state {}", lwp.tid,
                                           printable(std::string_view(&lwp.kernel_state, 1)))};
}

// Of a thread that waits for nothing the library knows.
Ending ending_of_thread(const WaitGraph& graph, const ThreadInfo& thread)
{
    switch (thread.state) {
        case ThreadState::kRunning: {
            const LwpInfo* const lwp = graph.lwp({Party::Kind::kThread, thread.id});
            if (lwp == nullptr) {
                return {ChainEnd::kRunning, "runs"};
            }
            Ending ending = ending_of_lwp(*lwp);
            ending.what += at_text(graph.snapshot(), thread);
            return ending;
        }
        case ThreadState::kReady:
            return {ChainEnd::kReady,
                    "is ready to run and waits for an LWP" + for_text(thread.since_ns)};
        case ThreadState::kStopped:
            return {ChainEnd::kStopped, "is stopped: nobody has continued it"};
        case ThreadState::kZombie:
            return {ChainEnd::kZombie, "has ended and was not joined"};
        case ThreadState::kSwitching:
            return {ChainEnd::kSwitching, "is being switched"};
        case ThreadState::kBlocked:
        case ThreadState::kUnknown:
            break;
    }
    return {ChainEnd::kUnknown, fmt::format("is {}", printable(thread.state_name))};
}

// Of a wait that no single party ends.
Ending ending_of_wait(const Wait& wait)
{
    if (wait.readers && *wait.readers > 0) {
        return {ChainEnd::kReaders,
                fmt::format("held by {}; who reads is not recorded", describe_owner(wait))};
    }
    switch (wait.kind) {
        case WaitKind::kMutex:
        case WaitKind::kReadLock:
        case WaitKind::kWriteLock:
            return {ChainEnd::kFree, "held by nobody at this moment"};
        case WaitKind::kCond:
            return {ChainEnd::kAnyone, "whoever signals it"};
        case WaitKind::kSema:
            return {ChainEnd::kAnyone, "whoever posts it"};
        case WaitKind::kJoin:
            return {ChainEnd::kAnyone, "the end of any thread"};
        case WaitKind::kExit:
            return {ChainEnd::kAnyone, "the end of all other threads"};
        case WaitKind::kNone:
        case WaitKind::kOther:
            break;
    }
    return {ChainEnd::kAnyone, "whoever wakes it"};
}

}  // namespace

Chain chain_of(const WaitGraph& graph, Party first)
{
    Chain chain;
    std::set<std::pair<Party::Kind, std::uint64_t>> met;
    Party at = graph.canonical(first);
    Ending ending;
    for (;;) {
        const bool again = !met.emplace(at.kind, at.id).second;
        chain.parties.push_back(at);
        if (again) {
            ending = {ChainEnd::kCycle, "a cycle"};
            break;
        }
        if (!graph.exists(at)) {
            ending = {ChainEnd::kGone, "has ended"};
            break;
        }
        if (at.kind == Party::Kind::kProcess) {
            ending = {
                ChainEnd::kElsewhere,
                fmt::format("is not of this process: lwpinspect why {} {}", at.id, at.thread)};
            break;
        }
        const Wait* const wait = graph.wait_of(at);
        if (wait == nullptr) {
            const ThreadInfo* const thread = graph.thread(at);
            const LwpInfo* const lwp = graph.lwp(at);
            ending = thread != nullptr ? ending_of_thread(graph, *thread)
                     : lwp != nullptr  ? ending_of_lwp(*lwp)
                                       : Ending{};
            break;
        }
        const auto holder = graph.holder_of(*wait);
        if (!holder) {
            ending = ending_of_wait(*wait);
            break;
        }
        at = *holder;
    }
    chain.end = ending.end;
    chain.what = std::move(ending.what);
    return chain;
}

const char* name_of(ChainEnd end) noexcept
{
    switch (end) {
        case ChainEnd::kRunning:
            return "running";
        case ChainEnd::kReady:
            return "ready";
        case ChainEnd::kKernel:
            return "kernel";
        case ChainEnd::kStopped:
            return "stopped";
        case ChainEnd::kZombie:
            return "zombie";
        case ChainEnd::kGone:
            return "gone";
        case ChainEnd::kElsewhere:
            return "elsewhere";
        case ChainEnd::kAnyone:
            return "anyone";
        case ChainEnd::kReaders:
            return "readers";
        case ChainEnd::kFree:
            return "free";
        case ChainEnd::kCycle:
            return "cycle";
        case ChainEnd::kSwitching:
            return "switching";
        case ChainEnd::kUnknown:
            return "unknown";
    }
    return "?";
}

}  // namespace lwpi
