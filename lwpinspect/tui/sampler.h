// Takes the samples in a thread of its own, so that keys never wait for the process looked at.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <thread>

#include "model/snapshot_source.h"
#include "support/unique_fd.h"
#include "tui/sample.h"
#include "tui/state.h"

namespace lwpi::tui {

class Sampler {
  public:
    enum class When : std::uint8_t { kInTurn, kSoon };

    // Calls `source` from its own thread only; the first time at once.
    Sampler(SnapshotSource& source, SnapshotRequest first, std::chrono::milliseconds interval);
    Sampler(const Sampler&) = delete;
    Sampler& operator=(const Sampler&) = delete;
    // Waits for a snapshot being taken.
    ~Sampler();

    // What the next snapshots read; kSoon: the next one does not wait for its turn.
    void want(SnapshotRequest request, When when);
    // Readable when there is something to collect.
    [[nodiscard]] int fd() const noexcept { return ready_.get(); }
    // The newest sample, or the end, if there is one not yet collected.
    [[nodiscard]] std::optional<Event> collect();

  private:
    using Clock = std::chrono::steady_clock;

    void run();
    // Waits until a snapshot is due; false: to stop.
    bool wait_for_turn(SnapshotRequest& request);
    void publish(Event event);

    SnapshotSource& source_;
    const std::chrono::milliseconds interval_;
    UniqueFd ready_;
    SampleMaker maker_;  // the sampling thread's own

    std::mutex lock_;  // guards all below
    std::condition_variable changed_;
    SnapshotRequest request_;
    bool soon_ = false;
    bool stopping_ = false;
    Clock::time_point due_;       // the next turn
    Clock::time_point earliest_;  // no snapshot before, however urgent
    std::optional<Event> result_;

    std::thread thread_;  // last: begins when all the rest is there
};

}  // namespace lwpi::tui
