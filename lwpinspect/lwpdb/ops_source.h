// Snapshots of a target that the caller reads for us.
#pragma once

#include <memory>

#include "lwpdb/lwpdb.h"
#include "model/snapshot_source.h"

namespace lwpi {

// `ops` and `argument` must outlive the source.
[[nodiscard]] std::unique_ptr<SnapshotSource> open_ops(const lwpdb_ops_t& ops, void* argument);

}  // namespace lwpi
