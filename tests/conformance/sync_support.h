// What the tests of synchronisation objects share: waiting until a thread really sleeps, signal
// handlers that count, times for timed waits.
#pragma once

#include <pthread.h>
#include <signal.h>
#include <time.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "fixture.h"

namespace conformance {

// For "does not happen": how long it is watched.
inline constexpr auto kWindow = 60ms;

// Priorities.
inline constexpr int kLow = 10;
inline constexpr int kMiddle = 30;
inline constexpr int kHigh = 50;

// Waits until the thread sleeps on `object`.
[[nodiscard]] inline bool sleeps_on(thread_t id, const void* object)
{
    return bounded::until([=] { return platform::is_blocked(id, object); });
}

// Watches that the thread goes on sleeping on `object`.
[[nodiscard]] inline bool stays_asleep_on(thread_t id, const void* object)
{
    return bounded::holds_for(kWindow, [=] { return platform::is_blocked(id, object); });
}

// Installs a handler that counts for the life of the object. One at a time.
class CountingHandler {
  public:
    explicit CountingHandler(int signal, int flags = 0) : signal_{signal}
    {
        count_ = 0;
        runner_ = 0;
        struct sigaction action {};
        action.sa_handler = &handle;
        action.sa_flags = flags;
        sigemptyset(&action.sa_mask);
        sigaction(signal, &action, &before_);
    }
    ~CountingHandler() { sigaction(signal_, &before_, nullptr); }
    CountingHandler(const CountingHandler&) = delete;
    CountingHandler& operator=(const CountingHandler&) = delete;

    [[nodiscard]] static int count() { return count_; }
    [[nodiscard]] static thread_t runner() { return runner_; }
    [[nodiscard]] static bool waits_for(int count)
    {
        return bounded::until([=] { return count_ >= count; });
    }

  private:
    static void handle(int)
    {
        runner_ = thr_self();
        ++count_;
    }

    static inline std::atomic<int> count_{0};
    static inline std::atomic<thread_t> runner_{0};

    int signal_;
    struct sigaction before_ {};
};

inline constexpr long kNanosecondsPerSecond = 1'000'000'000;

[[nodiscard]] inline timestruc_t to_timestruc(std::chrono::nanoseconds time)
{
    return {time.count() / kNanosecondsPerSecond, time.count() % kNanosecondsPerSecond};
}

[[nodiscard]] inline std::chrono::nanoseconds read_clock(clockid_t clock)
{
    timespec now{};
    clock_gettime(clock, &now);
    return std::chrono::seconds{now.tv_sec} + std::chrono::nanoseconds{now.tv_nsec};
}

// Wall-clock time, as the absolute waits take it.
[[nodiscard]] inline timestruc_t from_now(std::chrono::nanoseconds distance)
{
    return to_timestruc(read_clock(CLOCK_REALTIME) + distance);
}

// Locks for a block; the test's own bookkeeping only.
class Held {
  public:
    explicit Held(mutex_t& mutex) : mutex_{mutex} { mutex_lock(&mutex_); }
    ~Held() { mutex_unlock(&mutex_); }
    Held(const Held&) = delete;
    Held& operator=(const Held&) = delete;

  private:
    mutex_t& mutex_;
};

// Notes who came in which order.
class Order {
  public:
    void note(int who)
    {
        const Held held{mutex_};
        seen_.push_back(who);
    }
    [[nodiscard]] std::vector<int> seen()
    {
        const Held held{mutex_};
        return seen_;
    }
    [[nodiscard]] std::size_t size() { return seen().size(); }
    [[nodiscard]] bool reaches(std::size_t size)
    {
        return bounded::until([&] { return this->size() >= size; });
    }

  private:
    mutex_t mutex_{};
    std::vector<int> seen_;
};

}  // namespace conformance
