// A line on the terminal while something takes longer than a second.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>

namespace lwpi {

class Progress {
  public:
    enum class Show : std::uint8_t { kOnTerminal, kNever };

    // Says `what` on standard error, if that is a terminal, from the first second on.
    Progress(std::string what, Show show);
    // Takes the line away again.
    ~Progress();
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

  private:
    void run();

    const std::string what_;
    std::mutex lock_;  // guards done_
    std::condition_variable ended_;
    bool done_ = false;
    std::thread thread_;
};

}  // namespace lwpi
