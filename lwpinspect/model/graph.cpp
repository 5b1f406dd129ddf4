#include "model/graph.h"

#include <fmt/format.h>

#include "support/escape.h"

namespace lwpi {

WaitGraph::WaitGraph(const Snapshot& snapshot) : snapshot_(snapshot)
{
    lwps_.reserve(snapshot.lwps.size());
    for (std::size_t i = 0; i < snapshot.lwps.size(); ++i) {
        lwps_.emplace(snapshot.lwps[i].tid, i);
    }
    for (const ThreadInfo& thread : snapshot.threads) {
        const Party party{Party::Kind::kThread, thread.id};
        if (wait_of(party) != nullptr) {
            waiting_.push_back(party);
        }
    }
    for (const LwpInfo& lwp : snapshot.lwps) {
        const Party party{Party::Kind::kLwp, static_cast<std::uint64_t>(lwp.tid)};
        if (canonical(party) == party && wait_of(party) != nullptr) {
            waiting_.push_back(party);
        }
    }
}

Party WaitGraph::canonical(Party party) const
{
    if (party.kind == Party::Kind::kLwp) {
        const LwpInfo* const found = lwp(party);
        if (found != nullptr && found->thread &&
            find_thread(snapshot_, *found->thread) != nullptr) {
            return {Party::Kind::kThread, *found->thread};
        }
    }
    return party;
}

const ThreadInfo* WaitGraph::thread(Party party) const
{
    const Party real = canonical(party);
    return real.kind == Party::Kind::kThread ? find_thread(snapshot_, real.id) : nullptr;
}

const LwpInfo* WaitGraph::lwp(Party party) const
{
    std::optional<int> tid;
    if (party.kind == Party::Kind::kThread) {
        const ThreadInfo* const carried = find_thread(snapshot_, party.id);
        tid = carried == nullptr ? std::nullopt : carried->tid;
    } else if (party.kind == Party::Kind::kLwp && party.id <= INT32_MAX) {
        tid = static_cast<int>(party.id);
    }
    const auto found = tid ? lwps_.find(*tid) : lwps_.end();
    return found == lwps_.end() ? nullptr : &snapshot_.lwps[found->second];
}

bool WaitGraph::exists(Party party) const
{
    return party.kind == Party::Kind::kProcess ? !party.ended
                                               : thread(party) != nullptr || lwp(party) != nullptr;
}

const Wait* WaitGraph::wait_of(Party party) const
{
    const ThreadInfo* const waiter = thread(party);
    if (waiter != nullptr && waiter->wait.kind != WaitKind::kNone) {
        return &waiter->wait;
    }
    const LwpInfo* const carrier = lwp(party);
    return carrier != nullptr && carrier->wait.kind != WaitKind::kNone ? &carrier->wait : nullptr;
}

std::optional<Party> WaitGraph::holder_of(const Wait& wait) const
{
    return wait.owner ? std::optional(canonical(*wait.owner)) : std::nullopt;
}

std::optional<std::int64_t> WaitGraph::waited_ns(Party party) const
{
    const ThreadInfo* const waiter = thread(party);
    return waiter == nullptr ? std::nullopt : waiter->since_ns;
}

std::string describe_party(const WaitGraph& graph, Party party)
{
    const Party real = graph.canonical(party);
    if (real.kind == Party::Kind::kThread) {
        const ThreadInfo* const thread = graph.thread(real);
        return thread == nullptr || thread->name.empty()
                   ? fmt::format("#{}", real.id)
                   : fmt::format("#{} {}", real.id, printable(thread->name));
    }
    if (real.kind == Party::Kind::kProcess) {
        Wait held;
        held.owner = real;
        return describe_owner(held);
    }
    const LwpInfo* const lwp = graph.lwp(real);
    return lwp == nullptr || lwp->name.empty()
               ? fmt::format("LWP {}", real.id)
               : fmt::format("LWP {} {}", real.id, printable(lwp->name));
}

}  // namespace lwpi
