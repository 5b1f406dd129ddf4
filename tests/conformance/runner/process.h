// One case in a process of its own.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>

#include "conformance/runner/cases.h"

namespace conformance {

enum class Verdict { kPassed, kFailed, kSkipped, kCrashed, kHung };

struct Result {
    Verdict verdict = Verdict::kFailed;
    std::string reason;  // of anything but kPassed
    std::string output;
    double seconds = 0;

    [[nodiscard]] bool is_failure() const
    {
        return verdict != Verdict::kPassed && verdict != Verdict::kSkipped;
    }
};

// "passed", "failed", ...
[[nodiscard]] const char* name_of(Verdict verdict);

class Process {
  public:
    using Clock = std::chrono::steady_clock;

    Process(const Case& test, const platform::Variant& variant, std::chrono::seconds limit);
    ~Process();
    Process(Process&& other) noexcept;
    Process& operator=(Process&& other) noexcept;
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;

    // -1 if it could not be started; finish() then says why.
    [[nodiscard]] pid_t pid() const { return pid_; }
    [[nodiscard]] Clock::time_point deadline() const { return deadline_; }

    // Kills it because its time is up, once `on_hang` (a command, or empty) has run.
    void kill_hung(const std::string& on_hang);

    // Kills what is left of it and of the processes that it started; before it is waited for.
    void kill_group() const;

    // The result, given how the process ended.
    [[nodiscard]] Result finish(int wait_status);

  private:
    pid_t pid_ = -1;
    int output_ = -1;
    int verdict_ = -1;
    std::string trouble_;
    bool hung_ = false;
    Clock::time_point begin_;
    Clock::time_point deadline_;
};

// For the process itself: whether it is to run one case; then run_case() does, and returns main's
// value.
[[nodiscard]] bool is_case_process();
[[nodiscard]] int run_case();

}  // namespace conformance
