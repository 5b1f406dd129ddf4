// One snapshot of a live process, step by step.
#pragma once

#include "reader/take.h"
#include "target/attach.h"
#include "target/descriptors.h"

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
    ProcessFiles files_;
    Symbolizer symbols_;
    Demangle demangle_;
};

// What was copied of an LWP that was stopped for one moment of all.
struct InstantLwp {
    std::optional<user_regs_struct> registers;
    StopResult result = StopResult::kGone;
    Address start = 0;
    Address stack_end = 0;
    std::vector<std::byte> bytes;
};

// The state of one take().
class LiveTake : public Take {
  public:
    LiveTake(LiveSource& source, const SnapshotRequest& request);
    Snapshot run();

  private:
    void read_process();
    bool read_maps();
    void read_lwps();
    void look_at_tasks(const LwpReader& reader);
    // All that can be seen of one moment.
    void read_instant();
    bool observe_for_instant(int tid, const LwpReader& reader);
    void give_records(const std::vector<LwpRecord>& records);
    void take_in(LwpObservation& lwp, InstantLwp& seen);
    void observe(std::vector<LwpObservation*>& running, LwpReader& reader);
    void finish();
    void name_file(std::optional<Syscall>& call) const override;
    bool process_has_ended(std::uint64_t process) const override;
    void name_descriptors();

    LiveSource& source_;
    Process& process_;
    mutable Descriptors descriptors_;  // asked when the rest has been read
    std::optional<TaskStat> first_stat_;
};

}  // namespace lwpi
