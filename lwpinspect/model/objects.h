// The objects that somebody waits for, each with its waiters.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/graph.h"

namespace lwpi {

struct Waiter {
    Party who;
    std::string wait;  // "mutex", "rdlock", ...: how it waits
    std::optional<std::int64_t> since_ns;
    std::optional<std::int64_t> left_ns;
};

struct SyncObject {
    std::string kind;                      // "mutex", "rwlock", "cond", ...; raw
    std::optional<std::uint64_t> address;  // a join has none
    std::string name;                      // symbol, raw; empty: none
    std::optional<std::uint64_t> target;   // join: the thread waited for, 0 any
    std::optional<Party> owner;
    std::optional<std::uint64_t> readers;
    std::vector<Waiter> waiters;  // in order of their ids, threads first
    std::optional<std::int64_t> longest_ns;
    bool is_lock = false;  // a mutex or a readers/writer lock: something that is held
};

// Those with most waiters first, then by address.
[[nodiscard]] std::vector<SyncObject> objects_of(const WaitGraph& graph);

// "mutex stats_lock", "rwlock 0x55..", "join #17": escaped.
[[nodiscard]] std::string describe(const SyncObject& object);

}  // namespace lwpi
