// What all verbs share: the target, its snapshot, and how both are announced.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "commands/open.h"
#include "model/snapshot_source.h"
#include "options.h"
#include "report/table.h"

namespace lwpi {

class Session {
  public:
    // Finds and opens the target of `options`. Throws TargetError.
    explicit Session(const Options& options);
    Session(const Options& options, OpenTarget target);

    [[nodiscard]] SnapshotSource& source() { return *source_; }
    // The LWP that PID/TID names; 0: none.
    [[nodiscard]] int only_lwp() const { return target_.only_lwp; }
    // Whether there is one look for ever, at a process that went on meanwhile: a saved snapshot.
    [[nodiscard]] bool is_one_look() const;
    // A request as the global options want it, without stacks.
    [[nodiscard]] SnapshotRequest request() const;
    // Takes a snapshot; keeps of it what PID/TID names.
    [[nodiscard]] Snapshot take(const SnapshotRequest& request);
    // Takes a snapshot and keeps all of it; notes when another program was executed meanwhile.
    [[nodiscard]] Snapshot take_whole(const SnapshotRequest& request);
    // Lets time pass between two looks at a live process.
    void pause(std::chrono::milliseconds time) const;

    // Prints the header and the snapshot's notes, then `body` (text form).
    // Returns the exit code, `code` if there is one.
    int print_text(const Snapshot& snapshot, const std::string& body,
                   std::optional<ExitCode> code = std::nullopt) const;
    // Prints `lines` between the process and the end line.
    int print_json(const Snapshot& snapshot, const std::string& lines,
                   std::optional<ExitCode> code = std::nullopt) const;

    [[nodiscard]] UseColour colour() const;

    // What a verb does that prints nothing else of the snapshot.
    void print_notes(const Snapshot& snapshot) const;

  private:
    const Options& options_;
    TargetName target_;
    std::unique_ptr<SnapshotSource> source_;
    std::optional<ProcessInfo> first_;  // as the first look has shown it
};

// What a program that printed `snapshot` ends with: the first note that is not just a remark.
[[nodiscard]] ExitCode exit_code_of(const Snapshot& snapshot);

// Whether the terminal `fd` should get colours, by --color, --no-color and NO_COLOR.
[[nodiscard]] UseColour use_colour(ColourWish wish, int fd);

}  // namespace lwpi
