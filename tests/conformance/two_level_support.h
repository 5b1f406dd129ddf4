// What the tests of the two-level behaviour share.
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>

#include "support/in_kernel.h"
#include "sync_support.h"

namespace conformance {

// Skips the calling test in the one-to-one model.
#define LT_NEEDS_TWO_LEVELS()                                       \
    if (is_bound_model()) {                                         \
        GTEST_SKIP() << "one LWP a thread: nothing is multiplexed"; \
    }                                                               \
    static_assert(true)

// Skips the calling test unless it runs with one LWP that computes alone.
#define LT_NEEDS_A_POOL_OF_ONE()                                                   \
    LT_NEEDS_TWO_LEVELS();                                                         \
    if (!is_pool_of_one()) {                                                       \
        GTEST_SKIP() << "speaks of a pool of one LWP, and this run asks for more"; \
    }                                                                              \
    static_assert(true)

inline bool has_setting(const char* name, std::string_view value)
{
    const char* const set = std::getenv(name);
    return set != nullptr && value == set;
}

// Whether the process was started with the settings for a pool of one.
inline bool is_pool_of_one()
{
    const auto settings = platform::pool_of_one();
    return !settings.empty() && std::all_of(settings.begin(), settings.end(), [](auto& setting) {
        const auto equals = setting.find('=');
        return has_setting(setting.substr(0, equals).c_str(), setting.substr(equals + 1));
    });
}

inline long kernel_id()
{
    return platform::own_lwp();
}

// Whether the kernel task of this process sleeps in the kernel.
inline bool is_asleep_in_kernel(long task)
{
    return platform::is_lwp_asleep(static_cast<int>(task));
}

// A pipe whose reader blocks until somebody writes.
class Pipe {
  public:
    Pipe() { open_ = platform::make_pipe(ends_.data()); }
    ~Pipe()
    {
        if (open_) {
            close(ends_[0]);
            close(ends_[1]);
        }
    }
    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;

    [[nodiscard]] int reader() const { return ends_[0]; }
    [[nodiscard]] int writer() const { return ends_[1]; }

    void write_one() const { EXPECT_EQ(::write(ends_[1], "x", 1), 1); }

    // Blocks the calling LWP in the kernel until there is a byte, or the limit has passed.
    [[nodiscard]] bool poll_for(std::chrono::milliseconds limit) const
    {
        pollfd wanted{ends_[0], POLLIN, 0};
        int ready = 0;
        do {
            ready = poll(&wanted, 1, static_cast<int>(limit.count()));
        } while (ready < 0 && errno == EINTR);
        return ready == 1;
    }

    // Blocks the calling LWP in the kernel until there is a byte.
    [[nodiscard]] bool read_one() const
    {
        char byte = 0;
        ssize_t size = 0;
        do {
            size = platform::read_in_kernel(ends_[0], &byte, 1);
        } while (size < 0 && errno == EINTR);
        return size == 1;
    }

  private:
    std::array<int, 2> ends_{-1, -1};
    bool open_ = false;
};

inline constexpr auto kKernelPatience = 20'000ms;

}  // namespace conformance
