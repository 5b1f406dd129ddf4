// Threads and LWPs as the user names them.
#pragma once

#include <string>
#include <vector>

#include "model/graph.h"
#include "model/snapshot_source.h"

namespace lwpi {

// Adds what "17", "#17", "3-9" or "lwp:TID" names to the request. Throws TargetError kUsage.
void add_id(const std::string& id, SnapshotRequest& request);

// Notes, as reason for a partial result, everything that was asked for and is not there.
void note_missing(const SnapshotRequest& request, Snapshot& snapshot);

// Those of the request's threads and LWPs that are there.
[[nodiscard]] std::vector<Party> named_parties(const SnapshotRequest& request,
                                               const Snapshot& snapshot);

}  // namespace lwpi
