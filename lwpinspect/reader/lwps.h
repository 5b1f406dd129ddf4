// Looks at kernel tasks: asleep without touching them, running by stopping one at a time.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "model/snapshot.h"
#include "reader/records.h"
#include "target/process.h"
#include "unwind/unwinder.h"

namespace lwpi {

struct LwpObservation {
    LwpInfo info;
    int inner_tid = 0;                   // in the target's own process-id namespace
    std::optional<LwpRecord> record;     // the library's, when it is one of its LWPs
    std::optional<ThreadRecord> thread;  // what the record says it carries, read at the same moment
    std::optional<Address> sp;           // where it was at that moment
    std::optional<UnwoundStack> stack;
    StackEnd no_stack = StackEnd::kNotTaken;  // when `stack` is empty
    std::int64_t pause_ns = 0;
};

// Whether it ends where its caller could not be found without registers that only a stop shows.
[[nodiscard]] bool is_broken(const UnwoundStack& stack);

struct LwpPlan {
    Mode mode = Mode::kGentle;
    std::size_t depth = 64;
    std::chrono::steady_clock::time_point deadline;
};

class LwpReader {
  public:
    // `records` may be nullptr: a process without the library.
    LwpReader(const Process& process, Memory& memory, Unwinder& unwinder,
              const std::vector<Mapping>& maps, RecordReader* records)
        : process_(process), memory_(memory), unwinder_(unwinder), maps_(maps), records_(records)
    {
    }

    // What /proc tells of a task; nullopt when it has ended.
    [[nodiscard]] std::optional<LwpObservation> look(int tid) const;

    // Adds where it is and what it carries, and its stack if `with_stack`. The LWP is asleep:
    // nothing is stopped. Returns false when it turned out to be running.
    bool observe_asleep(LwpObservation& lwp, const LwpPlan& plan, bool with_stack) const;

    // The same for a running one, by stopping it for a moment. Only within in_stopping_thread().
    void observe_running(LwpObservation& lwp, const LwpPlan& plan, bool with_stack) const;

    // What it carries as the library's record says, when its stack pointer is not known.
    void read_records(LwpObservation& lwp) const;

  private:
    struct Copy {
        Registers registers;
        Address start = 0;  // of `bytes`: below the stack pointer lies the red zone
        std::vector<std::byte> bytes;
        Address stack_end = 0;
    };
    bool copy_asleep(LwpObservation& lwp, std::uint64_t size, Copy& copy) const;
    bool copy_running(LwpObservation& lwp, std::uint64_t size, Copy& copy) const;
    void copy_stack(const LwpObservation& lwp, std::uint64_t size, Copy& copy) const;

    const Process& process_;
    Memory& memory_;
    Unwinder& unwinder_;
    const std::vector<Mapping>& maps_;
    RecordReader* records_;
};

}  // namespace lwpi
