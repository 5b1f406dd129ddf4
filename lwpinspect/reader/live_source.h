// One snapshot of a live process, step by step.
#pragma once

#include <chrono>
#include <map>
#include <unordered_map>

#include "model/snapshot_source.h"
#include "reader/assemble.h"

namespace lwpi {

class LiveSource : public SnapshotSource {
  public:
    LiveSource(int pid, Demangle demangle);
    Snapshot take(const SnapshotRequest& request) override;

  private:
    friend class LiveTake;

    Process process_;
    LiveMemory memory_;
    Unwinder unwinder_;
    Symbolizer symbols_;
    Demangle demangle_;
};

// The state of one take().
class LiveTake {
  public:
    LiveTake(LiveSource& source, const SnapshotRequest& request);
    Snapshot run();

  private:
    void read_process();
    bool read_maps();
    void note_library();
    void read_lwps();
    void observe(std::vector<LwpObservation*>& running, LwpReader& reader);
    [[nodiscard]] bool wants_stack(const LwpObservation& lwp) const;
    [[nodiscard]] bool wants_stack(std::uint64_t id) const;
    void claim_threads();
    void recheck_unclaimed();
    void read_parked();
    void add_lwps();
    void name_file(std::optional<Syscall>& call) const;
    void add_threads();
    void finish();
    void note(ExitCode code, std::string text);
    [[nodiscard]] bool is_late() const;

    LiveSource& source_;
    const SnapshotRequest& request_;
    Process& process_;
    const std::chrono::steady_clock::time_point start_;
    const std::chrono::steady_clock::time_point deadline_;
    Snapshot snapshot_;
    std::optional<TaskStat> first_stat_;

    std::vector<Mapping> maps_;
    ModuleTable modules_;
    FoundLibrary library_;
    std::optional<RecordReader> records_;
    std::optional<PlaceTable> places_;

    std::vector<LwpObservation> lwps_;
    std::vector<ThreadRecord> threads_;
    std::unordered_map<std::uint64_t, std::size_t> carriers_;  // thread id -> index in lwps_
    std::unordered_map<std::uint64_t, ParkedStack> parked_;    // by thread id
    std::size_t asked_stacks_ = 0;
    bool readable_ = false;
};

}  // namespace lwpi
