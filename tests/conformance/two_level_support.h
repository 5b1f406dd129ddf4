// What the tests of the two-level behaviour share.
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>

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
        GTEST_SKIP() << "needs LIBTHREAD_CONCURRENCY=1, LIBTHREAD_GROWTH=blocked"; \
    }                                                                              \
    static_assert(true)

inline bool has_setting(const char* name, std::string_view value)
{
    const char* const set = std::getenv(name);
    return set != nullptr && value == set;
}

inline bool is_pool_of_one()
{
    return has_setting("LIBTHREAD_CONCURRENCY", "1") && has_setting("LIBTHREAD_GROWTH", "blocked");
}

inline long kernel_id()
{
    return syscall(SYS_gettid);
}

// Whether the kernel task of this process sleeps in the kernel.
inline bool is_asleep_in_kernel(long task)
{
    const std::string path = "/proc/self/task/" + std::to_string(task) + "/stat";
    std::array<char, 512> text{};
    const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    const ssize_t size = file < 0 ? 0 : ::read(file, text.data(), text.size() - 1);
    if (file >= 0) {
        close(file);
    }
    const char* const after_name = size > 0 ? std::strrchr(text.data(), ')') : nullptr;
    return after_name != nullptr && after_name[2] == 'S';
}

// A pipe whose reader blocks until somebody writes.
class Pipe {
  public:
    Pipe() { open_ = pipe2(ends_.data(), O_CLOEXEC) == 0; }
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
            size = ::read(ends_[0], &byte, 1);
        } while (size < 0 && errno == EINTR);
        return size == 1;
    }

  private:
    std::array<int, 2> ends_{-1, -1};
    bool open_ = false;
};

inline constexpr auto kKernelPatience = 20'000ms;

}  // namespace conformance
