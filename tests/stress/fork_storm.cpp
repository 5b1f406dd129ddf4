// Processes are forked out of a crowd of busy threads, which lock, migrate, allocate and print all
// the while. Each child makes threads that do the same, and exits in time.
// With an even seed every other child has all threads of the crowd (forkall), and each of them gets
// on there.
// --count: children.
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>

#include "stress.h"

namespace {

constexpr std::size_t kForkers = 4;
constexpr std::size_t kThreads = 56;  // forkers included
constexpr std::size_t kBoundModelThreads = 12;
constexpr std::size_t kChildsThreads = 6;
constexpr unsigned kSeconds = 200;  // "in time": a machine under load must not fail a right child

FILE* nowhere = nullptr;
std::array<mutex_t, 4> mutexes;
std::uint64_t visits[4] = {};  // each guarded by its mutex
std::atomic<std::uint64_t> children{0};
std::atomic<std::uint64_t> full_children{0};
std::atomic<std::uint64_t> to_fork{0};
std::atomic<std::uint64_t> computed{0};
std::atomic<std::size_t> busy{0};
std::atomic<bool> stop{false};
bool with_all = false;
pid_t process = 0;

void work_once(stress::Random& random)
{
    const std::size_t index = random.below(mutexes.size());
    switch (random.below(4)) {
        case 0: {
            const stress::Held held{mutexes.at(index)};
            const std::uint64_t before = visits[index];
            thr_yield();
            visits[index] = before + 1;
            break;
        }
        case 1: {
            void* const first = malloc(16 + random.below(5000));
            void* const second = malloc(16 + random.below(200));
            thr_yield();
            free(first);
            free(second);
            break;
        }
        case 2:
            fprintf(nowhere, "%zu %f\n", index, 1.0 / static_cast<double>(index + 1));
            thr_yield();
            break;
        default:
            for (std::uint64_t i = random.below(500); i > 0; --i) {
                computed.store(computed.load() + i);
            }
            thr_yield();
            break;
    }
}

void live(stress::Random random)
{
    ++busy;
    while (!stop) {
        work_once(random);
    }
    --busy;
}

// A child of fork1: alone, so locks that others held stay held. Its own are new.
void live_alone(std::uint64_t seed)
{
    for (mutex_t& mutex : mutexes) {
        mutex = mutex_t{};
    }
    constexpr int kRounds = 20;
    const auto body = [seed](std::size_t index) {
        stress::Random random{seed + index};
        for (int round = 0; round < kRounds; ++round) {
            work_once(random);
        }
    };
    stress::Crew crew;
    crew.add_mixed(kChildsThreads, body);
    crew.join();
}

// A child of forkall, whose other threads are here too: the other forkers wait for their children,
// which are not this process's, and go on.
void live_with_all(std::uint64_t seed)
{
    stop = true;
    while (busy != 0) {
        thr_yield();
    }
    stress::Crew crew{2, [seed](std::size_t index) {
                          stress::Random random{seed + index};
                          work_once(random);
                      }};
    crew.join();
}

void fork_one(stress::Random& random, bool all)
{
    const std::uint64_t seed = random.next();
    const pid_t child = all ? forkall() : fork1();
    if (child == 0) {
        alarm(kSeconds);
        all ? live_with_all(seed) : live_alone(seed);
        _exit(0);
    }
    stress::check(child > 0, all ? "forkall" : "fork1");
    int status = -1;
    pid_t ended = 0;
    do {
        ended = waitpid(child, &status, 0);
    } while (ended < 0 && errno == EINTR);
    if (ended < 0 && getpid() != process) {
        return;  // in a child of forkall, to whom it is a brother
    }
    stress::check_equal(static_cast<std::uint64_t>(ended), static_cast<std::uint64_t>(child),
                        "the child that ended");
    stress::check_equal(static_cast<std::uint64_t>(status), 0, "status of the child");
    ++children;
    full_children += all ? 1 : 0;
}

void fork_many(stress::Random random)
{
    while (!stop) {
        const std::uint64_t left = to_fork;
        if (left == 0) {
            return;
        }
        std::uint64_t expected = left;
        if (to_fork.compare_exchange_strong(expected, left - 1)) {
            fork_one(random, with_all && left % 2 == 0);
        }
    }
}

}  // namespace

void stress::run(const Options& options)
{
    constexpr std::uint64_t kChildren = 300;
    with_all = options.seed % 2 == 0;
    process = getpid();
    to_fork = options.count != 0 ? options.count : kChildren;
    const std::uint64_t expected = to_fork;
    nowhere = fopen("/dev/null", "w");
    check(nowhere != nullptr, "/dev/null");
    const std::size_t others = (is_bound_model() ? kBoundModelThreads : kThreads) - kForkers;
    Crew crew;
    crew.add_mixed(others, [&](std::size_t index) { live(Random{options.seed * 1000 + index}); });
    while (busy != others) {
        thr_yield();
    }
    const hrtime_t begin = gethrtime();
    Crew forkers;
    forkers.add_mixed(kForkers,
                      [&](std::size_t index) { fork_many(Random{options.seed * 2000 + index}); });
    forkers.join();
    const hrtime_t end = gethrtime();
    stop = true;
    crew.join();
    check_equal(children, expected, "children");
    check((full_children > 0) == with_all, "children with all threads");
    report("children", children);
    report("with all threads", full_children);
    report("children a second",
           children * 1'000'000'000U / static_cast<std::uint64_t>(end - begin));
    fclose(nowhere);
}
