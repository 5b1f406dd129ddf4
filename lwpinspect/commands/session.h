// What all verbs share: the target, its snapshot, and how both are announced.
#pragma once

#include <memory>
#include <string>

#include "model/snapshot_source.h"
#include "options.h"
#include "report/table.h"
#include "target/find.h"

namespace lwpi {

class Session {
  public:
    // Finds and opens the target of `options`. Throws TargetError.
    explicit Session(const Options& options);

    [[nodiscard]] SnapshotSource& source() { return *source_; }
    // A request as the global options want it, without stacks.
    [[nodiscard]] SnapshotRequest request() const;
    // Takes a snapshot; keeps of it what PID/TID names.
    [[nodiscard]] Snapshot take(const SnapshotRequest& request);

    // Prints the header and the snapshot's notes, then `body` (text form).
    int print_text(const Snapshot& snapshot, const std::string& body) const;
    // Prints `lines` between the process and the end line.
    int print_json(const Snapshot& snapshot, const std::string& lines) const;

    [[nodiscard]] UseColour colour() const;

  private:
    void print_notes(const Snapshot& snapshot) const;

    const Options& options_;
    TargetName target_;
    std::unique_ptr<SnapshotSource> source_;
};

// What a program that printed `snapshot` ends with: the first note that is not just a remark.
[[nodiscard]] ExitCode exit_code_of(const Snapshot& snapshot);

// Whether the terminal `fd` should get colours, by --color, --no-color and NO_COLOR.
[[nodiscard]] UseColour use_colour(ColourWish wish, int fd);

}  // namespace lwpi
