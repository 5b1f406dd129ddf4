// Snapshots of a process that stands still: a core, or one that a debugger has stopped.
#pragma once

#include <vector>

#include "reader/take.h"
#include "target/core_file.h"

namespace lwpi {

struct StillImage {
    ProcessInfo process;
    std::vector<Mapping> maps;
    std::vector<CoreLwp> lwps;
    std::vector<Note> notes;   // to be added to each snapshot
    bool clock_runs = false;   // our clocks are the target's: ages are those of now
    std::int64_t wall_ns = 0;  // when it was written, if the clock does not run
};

class StillTake : public Take {
  public:
    StillTake(const Tools& tools, const SnapshotRequest& request, const StillImage& image)
        : Take(tools, request), image_(image)
    {
    }
    Snapshot run();

  private:
    void name_file(std::optional<Syscall>&) const override {}
    void read_lwps();
    [[nodiscard]] UnwoundStack unwind(const user_regs_struct& r, const LwpObservation& lwp);
    void note_lost_stacks();
    void stop_the_clock();

    const StillImage& image_;
};

}  // namespace lwpi
