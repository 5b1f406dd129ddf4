// Many idle connections, each with an unbound thread of its own that waits in read(2): they cost
// memory, not LWPs, and each is woken by its own byte. By hand: --count 50000.
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "stress.h"

namespace {

constexpr std::uint64_t kDefaultConnections = 2000;
constexpr std::size_t kMostTasks = 6;  // four LWPs, a spare and the clock

// As many as the limit on descriptors allows, raised where it may be.
std::size_t affordable(std::size_t wanted)
{
    constexpr rlim_t kOthers = 100;
    rlimit limit{};
    stress::check(getrlimit(RLIMIT_NOFILE, &limit) == 0, "the limit is known");
    const rlim_t needed = 2 * wanted + kOthers;
    if (limit.rlim_cur < needed) {
        const rlimit higher{needed, std::max(needed, limit.rlim_max)};
        if (setrlimit(RLIMIT_NOFILE, &higher) != 0) {
            limit.rlim_cur = limit.rlim_max;
            stress::check(setrlimit(RLIMIT_NOFILE, &limit) == 0, "the soft limit is raised");
        }
    }
    stress::check(getrlimit(RLIMIT_NOFILE, &limit) == 0, "the limit is known");
    return std::min(wanted, (limit.rlim_cur - kOthers) / 2);
}

bool parks()
{
    const char* const choice = std::getenv("LIBTHREAD_IO");
    return !stress::is_bound_model() && (choice == nullptr || std::string_view{choice} == "park");
}

}  // namespace

void stress::run(const Options& options)
{
    const std::size_t wanted = options.count == 0 ? kDefaultConnections : options.count;
    const std::size_t count = parks() ? affordable(wanted) : 50;
    std::vector<std::array<int, 2>> pairs(count);
    for (auto& pair : pairs) {
        check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) == 0, "a pair");
    }
    const std::size_t before = resident_bytes();
    std::atomic<std::size_t> started{0};
    std::atomic<std::size_t> answered{0};
    Crew crew{count, [&](std::size_t index) {
                  ++started;
                  std::array<char, 8> got{};
                  const ssize_t size = read(pairs[index][0], got.data(), got.size());
                  check(size == 1 && got[0] == static_cast<char>(index), "its own byte arrives");
                  ++answered;
              }};
    while (started < count) {
        thr_yield();
    }
    usleep(1000);
    if (parks()) {
        check(task_count() <= kMostTasks, "waiting threads need no LWPs");
    }
    report("connections", count);
    report("  kernel tasks", task_count());
    report("  bytes a thread", (resident_bytes() - std::min(before, resident_bytes())) / count);
    check(answered == 0, "nobody is woken early");
    const hrtime_t begin = gethrtime();
    for (std::size_t i = 0; i < count; ++i) {
        const char byte = static_cast<char>(i);
        check(write(pairs[i][1], &byte, 1) == 1, "a byte is written");
    }
    crew.join();
    report("  us to wake all", static_cast<std::uint64_t>((gethrtime() - begin) / 1000));
    check_equal(answered, count, "threads woken");
    for (const auto& pair : pairs) {
        close(pair[0]);
        close(pair[1]);
    }
}
