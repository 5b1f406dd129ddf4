// Snapshots of core files.
#pragma once

#include <memory>
#include <string>

#include "reader/snapshot_taker.h"

namespace lwpi {

struct CorePlaces {
    std::string program;  // the executable; empty: where it was
    std::string sysroot;  // put before the paths that the core names
};

// Throws TargetError as CoreFile does. Files that the core names and that are not what was mapped
// are not used; its snapshots then say so.
[[nodiscard]] std::unique_ptr<SnapshotSource> open_core(const std::string& path,
                                                        const CorePlaces& places,
                                                        Demangle demangle);

}  // namespace lwpi
