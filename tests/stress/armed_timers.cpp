// Threads that sleep until a time of their own, all armed at once: none wakes early, they wake in
// the order of their times, and an LWP wakes for those whose time has come, once for all of them.
// By hand: --count 1000000.
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <ctime>
#include <limits>
#include <numeric>
#include <utility>
#include <vector>

#include "stress.h"

namespace {

constexpr std::uint64_t kDefaultSleepers = 50'000;
constexpr std::int64_t kStepNs = 5'000;  // between two times
// So much later than LWPs the library's clock looks at times that they should have met.
constexpr std::int64_t kGraceNs = 1'000'000;

std::int64_t now_ns()
{
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1'000'000'000LL + now.tv_nsec;
}

std::uint64_t switches()
{
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return static_cast<std::uint64_t>(usage.ru_nvcsw);
}

struct Sleeper {
    std::int64_t until = 0;
    std::int64_t woke = 0;
    std::uint64_t turn = 0;
};

using namespace stress;

// Whoever ran before one with an earlier time did so because that one was late: its LWP had not got
// a processor for so long that the clock has looked.
void check_order(const std::vector<Sleeper>& sleepers)
{
    std::vector<const Sleeper*> by_turn(sleepers.size());
    for (const Sleeper& sleeper : sleepers) {
        by_turn[sleeper.turn] = &sleeper;
    }
    std::int64_t earliest_left = std::numeric_limits<std::int64_t>::max();
    for (std::size_t turn = by_turn.size(); turn-- > 0;) {
        const Sleeper& sleeper = *by_turn[turn];
        check(earliest_left > sleeper.until || sleeper.woke - earliest_left > kGraceNs,
              "they wake in order");
        earliest_left = std::min(earliest_left, sleeper.until);
    }
}

// The longest that one was late. `in_order`: all slept before the first time came, and one LWP has
// run them.
std::int64_t check_wakings(const std::vector<Sleeper>& sleepers, bool in_order)
{
    std::int64_t latest = 0;
    for (const Sleeper& sleeper : sleepers) {
        check(sleeper.woke >= sleeper.until, "nobody wakes early");
        latest = std::max(latest, sleeper.woke - sleeper.until);
    }
    if (in_order) {
        check_order(sleepers);
    }
    return latest;
}

// False: the first time came before the last thread was asleep.
bool sleep_and_wake(std::size_t count, Random& random)
{
    std::vector<std::size_t> order(count);
    std::iota(order.begin(), order.end(), 0);
    for (std::size_t i = count - 1; i > 0; --i) {
        std::swap(order[i], order[random.below(i + 1)]);
    }
    std::vector<Sleeper> sleepers(count);
    std::atomic<std::size_t> made{0};
    std::atomic<std::uint64_t> turns{0};
    std::atomic<std::int64_t> last_armed{0};
    std::int64_t begin = 0;
    mutex_t mutex = DEFAULTMUTEX;
    cond_t all_made = DEFAULTCV;
    Crew crew{count, [&](std::size_t index) {
                  Sleeper& self = sleepers[index];
                  {
                      const Held held{mutex};
                      ++made;
                      while (begin == 0) {
                          check_ok(cond_wait(&all_made, &mutex), "cond_wait");
                      }
                  }
                  self.until = begin + static_cast<std::int64_t>(order[index]) * kStepNs;
                  const timespec until{self.until / 1'000'000'000, self.until % 1'000'000'000};
                  last_armed = now_ns();
                  check_ok(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr),
                           "clock_nanosleep");
                  self.woke = now_ns();
                  self.turn = turns++;
              }};
    while (made < count) {
        thr_yield();
    }
    const std::uint64_t before = switches();
    {
        const Held held{mutex};
        // Time enough for all to fall asleep again.
        constexpr std::int64_t kEach = 10'000;
        begin = now_ns() + 100'000'000 + static_cast<std::int64_t>(count) * kEach;
        check_ok(cond_broadcast(&all_made), "cond_broadcast");
    }
    crew.join();
    constexpr std::uint64_t kOwnSwitches = 1000;  // the clock's looks
    const std::uint64_t switched = switches() - before;
    const bool all_armed = last_armed < begin;
    const std::int64_t latest = check_wakings(sleepers, all_armed);
    check(!all_armed || switched <= count / 2 + kOwnSwitches, "no wake-up without need");
    report("sleepers", count);
    report("  armed in time", all_armed ? 1 : 0);
    report("  latest, us", static_cast<std::uint64_t>(latest / 1000));
    report("  kernel switches meanwhile", switched);
    return all_armed;
}

}  // namespace

void stress::run(const Options& options)
{
    constexpr int kTries = 5;  // where other processes want the processors
    const std::size_t count = options.count == 0 ? kDefaultSleepers : options.count;
    Random random{options.seed};
    for (int i = 0; i < kTries && !sleep_and_wake(count, random); ++i) {}
}
