// Stopping one LWP for a moment, so that no way out of the code leaves it stopped.
//
// PTRACE_SEIZE and PTRACE_INTERRUPT only: no signal is ever sent, and when this program dies the
// kernel lets the LWP go. Neither memory nor registers are written.
#pragma once

#include <sys/user.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>

namespace lwpi {

enum class StopResult : std::uint8_t {
    kStopped,
    kGone,
    kDenied,
    kTimeout,  // asleep in the kernel without a way to be interrupted (state D)
};

class StoppedLwp {
  public:
    enum class Begin : std::uint8_t { kStopNow, kSeizeOnly };

    // Stops task `tid`, or only makes that possible, which disturbs nobody. A task that does not
    // stop within `patience` stays attached until this object's thread ends: see
    // in_stopping_thread().
    explicit StoppedLwp(int tid, std::chrono::milliseconds patience, Begin begin = Begin::kStopNow);
    ~StoppedLwp();
    StoppedLwp(const StoppedLwp&) = delete;
    StoppedLwp& operator=(const StoppedLwp&) = delete;

    // After kSeizeOnly: asks for the stop, then waits for it.
    void interrupt();
    void wait(std::chrono::milliseconds patience);

    [[nodiscard]] int tid() const noexcept { return tid_; }
    // It lives, stopped or not.
    [[nodiscard]] bool is_attached() const noexcept { return attached_; }

    [[nodiscard]] StopResult result() const noexcept { return result_; }
    // It has stood still since then or later: a look before found it still on its way.
    [[nodiscard]] std::chrono::steady_clock::time_point since() const noexcept { return since_; }
    [[nodiscard]] std::optional<user_regs_struct> registers() const;

  private:
    int tid_;
    bool attached_ = false;
    bool interrupted_ = false;
    int signal_ = 0;  // seen while waiting, given back when it goes on
    std::chrono::steady_clock::time_point since_;
    StopResult result_ = StopResult::kGone;
};

// Asks the kernel not to take the processor from this thread: for the few hundred microseconds in
// which others are stopped. It lasts until the thread ends.
void be_quick();

// Runs `work` in a thread of its own, with the signals blocked that would end or stop this program,
// and waits for it. Whatever `work` has left attached, the kernel detaches when that thread ends.
void in_stopping_thread(const std::function<void()>& work);

}  // namespace lwpi
