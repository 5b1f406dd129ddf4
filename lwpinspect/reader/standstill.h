// One moment of a whole process, for which only what runs is stopped.
//
// An LWP that sleeps does nothing until it is given a processor, and the kernel counts how often it
// is. So what was read of it while it slept is what it was at the moment too, if the count has not
// changed afterwards; and its call is not interrupted.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <set>
#include <vector>

#include "target/attach.h"
#include "target/process.h"

namespace lwpi {

class Standstill {
  public:
    // Whether a task sleeps, and all that is wanted of it could be read.
    using Observe = std::function<bool(int tid)>;

    // Looks at all tasks until none is new, or moves.
    static constexpr int kPasses = 20;

    // For a task that is to stop, and does so when it gets a processor.
    static constexpr std::chrono::milliseconds kPatience{100};

    // Observes every task: who sleeps is watched from now on, the others will be stopped.
    Standstill(const Process& process, const Observe& observe,
               std::chrono::milliseconds patience = kPatience);

    // The rest only within in_stopping_thread(), in this order. Attaches to those to be stopped.
    void seize();
    // Stops them, and everybody that they or others have made meanwhile.
    void stop();
    // Whether all who are watched have slept all the time, so that the process stood still when
    // stop() returned and does so now. If not, stop() stops them as well.
    [[nodiscard]] bool holds();
    // Leaves nobody watched: the next stop() stops all.
    void watch_nobody();
    void release() { tasks_.clear(); }

    // Those to be stopped, and later those that were.
    [[nodiscard]] const std::deque<StoppedLwp>& tasks() const { return tasks_; }
    // How many of them did not stop in time: they may have gone on while the others stood still.
    [[nodiscard]] std::size_t missed() const;

  private:
    struct Watched {
        int tid;
        RunCounter runs;
        std::uint64_t count;
    };
    void seize(int tid);
    [[nodiscard]] bool seize_new();
    [[nodiscard]] bool knows_all() const;

    const Process& process_;
    const std::chrono::milliseconds patience_;
    UniqueFd directory_;  // of the tasks
    std::set<int> known_;
    std::vector<int> restless_;
    std::vector<Watched> watched_;
    std::deque<StoppedLwp> tasks_;
    std::size_t asked_ = 0;  // of them, to stop
};

}  // namespace lwpi
