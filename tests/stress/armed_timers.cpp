// Threads that sleep until a time of their own, all armed at once: none wakes early, they wake in
// the order of their times, and whoever has time left is not disturbed. By hand: --count 1000000.
#include <sys/resource.h>

#include <atomic>
#include <cerrno>
#include <ctime>
#include <numeric>
#include <utility>
#include <vector>

#include "stress.h"

namespace {

constexpr std::uint64_t kDefaultSleepers = 3000;
constexpr std::int64_t kStepNs = 5'000;  // between two times

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

}  // namespace

void stress::run(const Options& options)
{
    const std::size_t count = options.count == 0 ? kDefaultSleepers : options.count;
    std::vector<std::size_t> order(count);
    std::iota(order.begin(), order.end(), 0);
    Random random{options.seed};
    for (std::size_t i = count - 1; i > 0; --i) {
        std::swap(order[i], order[random.below(i + 1)]);
    }
    std::vector<Sleeper> sleepers(count);
    std::atomic<std::uint64_t> armed{0};
    std::atomic<std::uint64_t> turns{0};
    std::atomic<std::int64_t> begin{0};
    std::atomic<std::int64_t> last_armed{0};
    // Time enough to make them all.
    const std::int64_t start = now_ns() + 200'000'000 + static_cast<std::int64_t>(count) * 20'000;
    begin = start;
    Crew crew{count, [&](std::size_t index) {
                  Sleeper& self = sleepers[index];
                  self.until = begin + static_cast<std::int64_t>(order[index]) * kStepNs;
                  const timespec until{self.until / 1'000'000'000, self.until % 1'000'000'000};
                  ++armed;
                  last_armed = now_ns();
                  check_ok(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr),
                           "clock_nanosleep");
                  self.woke = now_ns();
                  self.turn = turns++;
              }};
    const std::uint64_t before = switches();
    crew.join();
    const std::uint64_t switched = switches() - before;
    const bool all_armed = last_armed < start;
    std::vector<std::int64_t> until_by_turn(count);
    std::int64_t latest = 0;
    for (const Sleeper& sleeper : sleepers) {
        check(sleeper.woke >= sleeper.until, "nobody wakes early");
        latest = std::max(latest, sleeper.woke - sleeper.until);
        until_by_turn[sleeper.turn] = sleeper.until;
    }
    // Of those that were all armed before the first time came; one LWP runs them in order.
    if (all_armed && !is_bound_model()) {
        for (std::size_t i = 1; i < count; ++i) {
            check(until_by_turn[i] > until_by_turn[i - 1], "they wake in order");
        }
        check(switched <= 4 * count + 1000, "each wakes by itself");
    }
    report("sleepers", count);
    report("  armed in time", all_armed ? 1 : 0);
    report("  latest, us", static_cast<std::uint64_t>(latest / 1000));
    report("  kernel switches meanwhile", switched);
}
