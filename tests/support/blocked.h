// Seeing from outside that a thread waits.
//
// The interface cannot be asked whether a thread sleeps, but the kernel can be asked whether the
// kernel task does that last ran it.
#pragma once

#include <atomic>

#include "support/bounded.h"
#include "support/platform.h"

namespace blocked {

// A thread marks the call that it is about to wait in; others wait until it waits.
class Marker {
  public:
    // By the thread that will wait, last thing before it does.
    void about_to_wait() { task_.store(platform::own_lwp()); }

    // Whether the thread has come to wait: looked at again and again, its task sleeps, or is the
    // one that runs us in the thread's place. One look is not enough, for a task may sleep for a
    // moment on its way; many in a row are.
    [[nodiscard]] bool seen_waiting(std::chrono::nanoseconds limit = bounded::kPatience)
    {
        constexpr int kLooksInARow = 25;
        int looks = 0;
        return bounded::until(
            [&] {
                const int task = task_.load();
                const bool waits =
                    task != 0 && (task == platform::own_lwp() || platform::is_lwp_asleep(task));
                looks = waits ? looks + 1 : 0;
                return looks >= kLooksInARow;
            },
            limit);
    }

  private:
    std::atomic<int> task_{0};
};

}  // namespace blocked
