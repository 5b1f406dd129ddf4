// Takes snapshots of live processes.
#pragma once

#include <memory>

#include "model/snapshot_source.h"

namespace lwpi {

// How symbol names are shown.
enum class Demangle : std::uint8_t { kYes, kNo };

// Opens process `pid`. Throws TargetError: kNoProcess, kUnsupported (kernel thread, 32-bit
// program). A process that may not be read is opened all the same: its snapshots hold names and
// states only and a note with kPermission.
std::unique_ptr<SnapshotSource> open_live(int pid, Demangle demangle);

}  // namespace lwpi
