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
    // Stops task `tid`. A task that does not stop within `patience` stays attached until this
    // object's thread ends: see in_stopping_thread().
    StoppedLwp(int tid, std::chrono::milliseconds patience);
    ~StoppedLwp();
    StoppedLwp(const StoppedLwp&) = delete;
    StoppedLwp& operator=(const StoppedLwp&) = delete;

    [[nodiscard]] StopResult result() const noexcept { return result_; }
    [[nodiscard]] std::optional<user_regs_struct> registers() const;

  private:
    void wait_for_stop(std::chrono::milliseconds patience);

    int tid_;
    bool attached_ = false;
    int signal_ = 0;  // seen while waiting, given back when it goes on
    StopResult result_ = StopResult::kGone;
};

// Runs `work` in a thread of its own, with the signals blocked that would end or stop this program,
// and waits for it. Whatever `work` has left attached, the kernel detaches when that thread ends.
void in_stopping_thread(const std::function<void()>& work);

}  // namespace lwpi
