// Snapshots in files: JSON, one object a line, the first {"schema":"lwpinspect-snapshot/1"}.
#pragma once

#include <iosfwd>
#include <memory>
#include <string>

#include "model/snapshot_source.h"

namespace lwpi {

void write_snapshot(const Snapshot& snapshot, std::ostream& out);

// Writes the file in full or not at all: one of that name stays until then. What is no regular
// file, such as a device or a pipe, is written to as it is. Throws TargetError.
void save_snapshot(const Snapshot& snapshot, const std::string& path);

// Throws TargetError: kUsage (no such file, not a snapshot, damaged), kOtherVersion. A file that
// was cut short gives what it has, with a note.
[[nodiscard]] Snapshot read_snapshot(const std::string& path);

// Whether a file begins like a snapshot.
[[nodiscard]] bool is_snapshot_file(const std::string& path);

[[nodiscard]] std::unique_ptr<SnapshotSource> open_saved(const std::string& path);

}  // namespace lwpi
