// Signals as events: blocked in every thread and read from a descriptor.
#pragma once

#include <signal.h>

#include <optional>

#include "support/unique_fd.h"

namespace lwpi::tui {

// While it lives, SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH, SIGTSTP and SIGCONT are read from
// fd(). To be made before any other thread of the program.
class Signals {
  public:
    Signals();
    Signals(const Signals&) = delete;
    Signals& operator=(const Signals&) = delete;
    ~Signals();

    [[nodiscard]] int fd() const noexcept { return fd_.get(); }
    // The next signal that came; nullopt: no more.
    [[nodiscard]] std::optional<int> next();
    // Stops the program as SIGTSTP does by default; returns when it is continued.
    void stop_until_continued();

  private:
    sigset_t before_{};
    UniqueFd fd_;
};

}  // namespace lwpi::tui
