// One snapshot with what follows from it and from those before: totals and rates.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "model/findings.h"
#include "model/snapshot_source.h"

namespace lwpi::tui {

struct Count {
    std::string word;
    std::uint64_t number = 0;
    bool operator==(const Count&) const = default;
};

struct Sample {
    Snapshot snapshot;
    SnapshotRequest request;               // what was asked for
    std::chrono::milliseconds interval{};  // until the next one

    // Beside snapshot.threads and snapshot.lwps; unknown until seen twice.
    std::vector<std::optional<double>> switches_per_second;
    std::vector<std::optional<double>> cpu_percent;
    std::vector<std::optional<double>> delay_ms_per_second;  // runnable without a CPU

    // What this look and the one before agree on.
    std::vector<Finding> findings;

    std::vector<Count> thread_states;  // the usual ones even when zero
    std::vector<Count> lwp_uses;
    std::vector<Count> waits;  // by kind, the most frequent first; "kernel": in a system call
};

using SamplePtr = std::shared_ptr<const Sample>;

// Whether the process has a working libthread, so that there are user threads to show.
[[nodiscard]] bool has_user_threads(const Snapshot& snapshot) noexcept;

// Makes samples of successive snapshots. Rates are over a quarter of a second at least, however
// soon the snapshots follow each other.
class SampleMaker {
  public:
    [[nodiscard]] SamplePtr make(Snapshot snapshot, SnapshotRequest request,
                                 std::chrono::milliseconds interval);

  private:
    struct Reading {
        struct Lwp {
            std::optional<std::int64_t> cpu_ns;
            std::optional<std::int64_t> run_delay_ns;
        };
        std::int64_t taken_ns = 0;
        std::unordered_map<std::uint64_t, std::uint64_t> switches;  // by thread id
        std::unordered_map<int, Lwp> lwps;                          // by TID
    };

    void add_rates(Sample& sample) const;
    void remember(const Snapshot& snapshot);
    // What rates at that time are measured from; null: nothing is old enough.
    [[nodiscard]] const Reading* base(std::int64_t now_ns) const;

    void add_findings(Sample& sample);

    // The snapshot before, for what two looks must agree on; without stacks.
    std::optional<Snapshot> before_;
    // At least the shortest period apart.
    std::optional<Reading> older_;
    std::optional<Reading> newer_;
};

}  // namespace lwpi::tui
