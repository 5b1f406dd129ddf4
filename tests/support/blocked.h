// Seeing from outside that a thread waits.
//
// The interface cannot be asked whether a thread sleeps, but the kernel can be asked whether the
// kernel task does that last ran it.
#pragma once

#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstring>
#include <string>

#include "support/bounded.h"

namespace blocked {

inline int own_task()
{
    return static_cast<int>(syscall(SYS_gettid));
}

// The state letter of a kernel task of this process ('S': sleeps), 0 when there is no such task.
inline char task_state(int task)
{
    const std::string path = "/proc/self/task/" + std::to_string(task) + "/stat";
    std::FILE* const file = std::fopen(path.c_str(), "re");
    if (file == nullptr) {
        return 0;
    }
    char line[512] = {};
    const char* const read = std::fgets(line, sizeof line, file);
    std::fclose(file);
    // The name in parentheses may hold anything; the state follows the last one.
    const char* const end = read == nullptr ? nullptr : std::strrchr(line, ')');
    return end == nullptr ? '\0' : end[2];
}

// A thread marks the call that it is about to wait in; others wait until it waits.
class Marker {
  public:
    // By the thread that will wait, last thing before it does.
    void about_to_wait() { task_.store(own_task()); }

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
                const bool waits = task != 0 && (task == own_task() || task_state(task) == 'S');
                looks = waits ? looks + 1 : 0;
                return looks >= kLooksInARow;
            },
            limit);
    }

  private:
    std::atomic<int> task_{0};
};

}  // namespace blocked
