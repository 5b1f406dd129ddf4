#include "model/objects.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "support/escape.h"

namespace lwpi {
namespace {

bool is_rwlock(WaitKind kind)
{
    return kind == WaitKind::kReadLock || kind == WaitKind::kWriteLock;
}

std::string kind_of(const Wait& wait)
{
    return is_rwlock(wait.kind) ? "rwlock" : wait.name;
}

SyncObject make_object(const Wait& wait)
{
    SyncObject object;
    object.kind = kind_of(wait);
    object.address = wait.object;
    object.name = wait.object_name;
    object.target = wait.target;
    object.is_lock = wait.kind == WaitKind::kMutex || is_rwlock(wait.kind);
    return object;
}

}  // namespace

std::vector<SyncObject> objects_of(const WaitGraph& graph)
{
    // Words of one object were read once, so its waiters agree about the owner.
    using Key = std::tuple<std::string, std::uint64_t, std::uint64_t>;
    std::map<Key, SyncObject> objects;
    for (const Party party : graph.waiting()) {
        const Wait& wait = *graph.wait_of(party);
        // A descriptor has no address, but a name.
        const std::string kind = kind_of(wait) + (wait.object ? "" : wait.object_name);
        const Key key{kind, wait.object.value_or(0), wait.target.value_or(UINT64_MAX)};
        SyncObject& object = objects.try_emplace(key, make_object(wait)).first->second;
        const auto since = graph.waited_ns(party);
        object.waiters.push_back({party, wait.name, since, wait.left_ns});
        object.owner = wait.owner ? graph.holder_of(wait) : object.owner;
        object.readers = wait.readers ? wait.readers : object.readers;
        if (since && *since > object.longest_ns.value_or(-1)) {
            object.longest_ns = since;
        }
    }
    std::vector<SyncObject> sorted;
    for (auto& [key, object] : objects) {
        sorted.push_back(std::move(object));
    }
    std::stable_sort(sorted.begin(), sorted.end(), [](const SyncObject& a, const SyncObject& b) {
        return a.waiters.size() > b.waiters.size();
    });
    return sorted;
}

std::string describe(const SyncObject& object)
{
    Wait wait;
    wait.kind = WaitKind::kOther;
    wait.name = object.kind;
    wait.object = object.address;
    wait.object_name = object.name;
    wait.target = object.target;
    return describe(wait);
}

}  // namespace lwpi
