// What a handle holds, and the answers made from it.
#pragma once

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "lwpdb/lwpdb.h"
#include "model/graph.h"
#include "model/objects.h"
#include "model/snapshot_source.h"

struct lwpdb {
    std::unique_ptr<lwpi::SnapshotSource> source;
    lwpi::Snapshot snapshot;
    std::unique_ptr<lwpi::WaitGraph> graph;
    std::vector<lwpi::SyncObject> objects;
    std::vector<std::string> texts;  // what answers point to and the snapshot does not hold
    std::string message;
    bool refreshed = false;
};

namespace lwpi {

[[nodiscard]] lwpdb_error_t error_of(ExitCode code);

// Copies as much of `from` as the caller knows of; `size` stays his.
template <typename Structure>
void give(Structure* to, const Structure& from)
{
    const std::size_t size = std::min(to->size, sizeof from);
    if (size > sizeof to->size) {
        std::memcpy(reinterpret_cast<char*>(to) + sizeof to->size,
                    reinterpret_cast<const char*>(&from) + sizeof to->size, size - sizeof to->size);
    }
}

[[nodiscard]] lwpdb_thread_t describe_thread(const lwpdb& handle, std::size_t row);
[[nodiscard]] lwpdb_lwp_t describe_lwp(const lwpdb& handle, std::size_t row);
[[nodiscard]] lwpdb_sync_t describe_sync(const SyncObject& object);
lwpdb_error_t refresh(lwpdb& handle, const lwpdb_request_t* wanted, lwpdb_stats_t* stats);

}  // namespace lwpi
