#include "model/diff.h"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <tuple>
#include <unordered_map>

#include "model/graph.h"

namespace lwpi {
namespace {

bool has_library(const Snapshot& snapshot)
{
    return snapshot.process.library.state == LibraryState::kPresent;
}

// CPU time is counted in ticks: of an LWP that runs nothing is certain.
bool stood_still(const LwpInfo* before, const LwpInfo* after)
{
    return before != nullptr && after != nullptr && before->tid == after->tid &&
           before->voluntary_switches == after->voluntary_switches &&
           before->involuntary_switches == after->involuntary_switches &&
           before->cpu_ns == after->cpu_ns && after->kernel_state != 'R';
}

// A thread that leaves its LWP or comes back to one counts a switch.
bool stood_still(const WaitGraph& before, const WaitGraph& after, const ThreadInfo& thread)
{
    const Party party{Party::Kind::kThread, thread.id};
    const ThreadInfo* const then = before.thread(party);
    if (then->seq != thread.seq || then->switches != thread.switches ||
        then->state != thread.state) {
        return false;
    }
    return !thread.tid || stood_still(before.lwp(party), after.lwp(party));
}

void compare_threads(const Snapshot& before, const Snapshot& after, Diff& diff)
{
    const WaitGraph old_graph(before);
    const WaitGraph new_graph(after);
    for (const ThreadInfo& thread : after.threads) {
        if (find_thread(before, thread.id) == nullptr) {
            diff.added.push_back(thread.id);
        } else {
            (stood_still(old_graph, new_graph, thread) ? diff.still : diff.ran)
                .push_back(thread.id);
        }
    }
    for (const ThreadInfo& thread : before.threads) {
        if (find_thread(after, thread.id) == nullptr) {
            diff.gone.push_back(thread.id);
        }
    }
}

void compare_lwps(const Snapshot& before, const Snapshot& after, Diff& diff)
{
    std::unordered_map<int, const LwpInfo*> old_ones;
    for (const LwpInfo& lwp : before.lwps) {
        old_ones.emplace(lwp.tid, &lwp);
    }
    for (const LwpInfo& lwp : after.lwps) {
        const auto old_one = old_ones.find(lwp.tid);
        const auto id = static_cast<std::uint64_t>(lwp.tid);
        if (old_one == old_ones.end()) {
            diff.added.push_back(id);
            continue;
        }
        (stood_still(old_one->second, &lwp) ? diff.still : diff.ran).push_back(id);
        old_ones.erase(old_one);
    }
    for (const auto& [tid, lwp] : old_ones) {
        diff.gone.push_back(static_cast<std::uint64_t>(tid));
    }
    for (auto* ids : {&diff.added, &diff.gone, &diff.ran, &diff.still}) {
        std::sort(ids->begin(), ids->end());
    }
}

void compare_groups(const Snapshot& before, const Snapshot& after, Diff& diff)
{
    using Key = std::tuple<std::string, std::string, std::vector<std::string>>;
    std::map<Key, GroupChange> changes;
    const auto slot = [&](const Group& group) -> GroupChange& {
        return changes[{group.state_name, group.wait.name, group.functions}];
    };
    for (Group& group : group_stacks(before, 0)) {
        GroupChange& change = slot(group);
        change.before += group.ids.size();
        change.group = std::move(group);
    }
    for (Group& group : group_stacks(after, 0)) {
        GroupChange& change = slot(group);
        change.after += group.ids.size();
        change.group = std::move(group);
    }
    for (auto& [key, change] : changes) {
        if (change.before != change.after) {
            diff.groups.push_back(std::move(change));
        }
    }
    const auto size = [](const GroupChange& change) {
        return std::abs(static_cast<std::int64_t>(change.after) -
                        static_cast<std::int64_t>(change.before));
    };
    std::stable_sort(diff.groups.begin(), diff.groups.end(),
                     [&](const GroupChange& a, const GroupChange& b) { return size(a) > size(b); });
}

Diff diff_of_itself(const Snapshot& snapshot)
{
    Diff diff;
    diff.lwps = !has_library(snapshot);
    for (const ThreadInfo& thread : snapshot.threads) {
        diff.still.push_back(thread.id);
    }
    for (const LwpInfo& lwp : snapshot.lwps) {
        if (diff.lwps) {
            diff.still.push_back(static_cast<std::uint64_t>(lwp.tid));
        }
    }
    std::sort(diff.still.begin(), diff.still.end());
    return diff;
}

}  // namespace

Diff diff_of(const Snapshot& before, const Snapshot& after)
{
    Diff diff;
    if (before.taken_ns == after.taken_ns && before.wall_ns == after.wall_ns) {
        return diff_of_itself(after);
    }
    // The monotonic clock begins anew with the machine.
    diff.apart_ns = after.taken_ns > before.taken_ns ? after.taken_ns - before.taken_ns
                                                     : after.wall_ns - before.wall_ns;
    diff.lwps = !has_library(before) || !has_library(after);
    if (diff.lwps) {
        compare_lwps(before, after, diff);
    } else {
        compare_threads(before, after, diff);
    }
    compare_groups(before, after, diff);
    return diff;
}

Snapshot only_still(const Diff& diff, const Snapshot& snapshot)
{
    Snapshot kept = snapshot;
    const auto moved = [&](std::uint64_t id) {
        return !std::binary_search(diff.still.begin(), diff.still.end(), id);
    };
    if (diff.lwps) {
        std::erase_if(kept.lwps, [&](const LwpInfo& lwp) {
            return moved(static_cast<std::uint64_t>(lwp.tid));
        });
    } else {
        std::erase_if(kept.threads, [&](const ThreadInfo& thread) { return moved(thread.id); });
    }
    return kept;
}

}  // namespace lwpi
