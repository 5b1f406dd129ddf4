// From what the user names to something that gives snapshots.
#pragma once

#include <memory>
#include <string>

#include "model/snapshot_source.h"
#include "options.h"
#include "target/find.h"

namespace lwpi {

struct OpenTarget {
    TargetName name;  // of a live process
    std::unique_ptr<SnapshotSource> source;
};

// `target`: PID, PID/TID, a name, or the path of a saved snapshot or a core file. Throws
// TargetError.
[[nodiscard]] OpenTarget open_target(const std::string& target, const Options& options);

// The target of --from and --core, else options.target.
[[nodiscard]] OpenTarget open_target(const Options& options);

}  // namespace lwpi
