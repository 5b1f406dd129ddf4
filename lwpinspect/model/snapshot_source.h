// Where snapshots come from. reader/snapshot_taker.h makes the one for live processes; tests and
// the screens take any other.
#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

#include "model/snapshot.h"

namespace lwpi {

enum class Stacks : std::uint8_t {
    kNone,
    kAll,
    kChosen,  // those of SnapshotRequest::threads and ::lwps
};

struct SnapshotRequest {
    Mode mode = Mode::kGentle;
    bool may_interrupt = false;  // gentle: stop sleeping LWPs that cannot be unwound otherwise
    Stacks stacks = Stacks::kNone;
    std::vector<std::uint64_t> threads;  // user thread ids
    std::vector<int> lwps;               // kernel TIDs
    std::uint32_t depth = 64;            // frames a stack
    bool lines = false;                  // source lines of the frames
    std::uint64_t max_threads = 65'536;
    std::chrono::milliseconds timeout{10'000};  // for the whole snapshot
};

// One open target. One thread at a time may call it, any thread may be that one. Nothing of the
// target stays stopped or attached between two calls.
class SnapshotSource {
  public:
    SnapshotSource() = default;
    SnapshotSource(const SnapshotSource&) = delete;
    SnapshotSource& operator=(const SnapshotSource&) = delete;
    virtual ~SnapshotSource() = default;

    enum class Kind : std::uint8_t {
        kLive,
        kCore,   // all of one instant, for ever the same
        kSaved,  // a snapshot of a process that ran on while it was taken
    };
    [[nodiscard]] virtual Kind kind() const { return Kind::kLive; }

    // Throws TargetError when nothing can be read any more (kNoProcess: the process has ended).
    // What could only be read in part is in the snapshot, with notes.
    virtual Snapshot take(const SnapshotRequest& request) = 0;
};

}  // namespace lwpi
