// Who waits for whom: the wait graph of one snapshot. Everybody waits for one thing at most, so it
// is a set of chains and cycles.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "model/snapshot.h"

namespace lwpi {

// A user thread, an LWP that carries none, or a thread of another process, of which nothing more is
// known.
using Party = Owner;

class WaitGraph {
  public:
    // `snapshot` must outlive the graph.
    explicit WaitGraph(const Snapshot& snapshot);

    [[nodiscard]] const Snapshot& snapshot() const { return snapshot_; }

    // The party itself; for an LWP that carries a thread, that thread.
    [[nodiscard]] Party canonical(Party party) const;
    // nullptr: no such thread, or an LWP.
    [[nodiscard]] const ThreadInfo* thread(Party party) const;
    // The LWP that carries the party, or is it; nullptr: none.
    [[nodiscard]] const LwpInfo* lwp(Party party) const;
    [[nodiscard]] bool exists(Party party) const;

    // What it waits for: an object of the library, or a lock that its LWP sleeps on in the kernel;
    // nullptr: nothing.
    [[nodiscard]] const Wait* wait_of(Party party) const;
    // Who alone can end that wait; nullopt: nobody does, or nobody knows.
    [[nodiscard]] std::optional<Party> holder_of(const Wait& wait) const;
    // For how long it has waited.
    [[nodiscard]] std::optional<std::int64_t> waited_ns(Party party) const;

    // All that wait for something, threads first, in order of their ids.
    [[nodiscard]] const std::vector<Party>& waiting() const { return waiting_; }

  private:
    const Snapshot& snapshot_;
    std::unordered_map<int, std::size_t> lwps_;  // by TID
    std::vector<Party> waiting_;
};

// "#17 worker-3" or "LWP 4711 name": escaped.
[[nodiscard]] std::string describe_party(const WaitGraph& graph, Party party);

}  // namespace lwpi
