// The process ends while its threads compute, wait, sleep in the kernel, come and go: promptly,
// with the status asked for, handlers run once.
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "stress.h"

extern "C" char** environ;

namespace {

constexpr const char* kWayVariable = "LT_STRESS_EXIT_WAY";
constexpr const char* kSeedVariable = "LT_STRESS_EXIT_SEED";
constexpr std::uint64_t kDefaultCount = 42;  // six for each way
constexpr int kStatus = 42;
constexpr hrtime_t kPatience = 60'000'000'000;  // on a busy machine

// How the process ends.
enum Way : unsigned {
    kExitInMain,
    kExitInUnbound,
    kExitInBound,
    kUnderscoreExit,
    kThrExitOfMainThenExit,
    kLastThreadEnds,
    kTwoExitAtOnce,
    kWayCount
};

mutex_t mutex;
cond_t never;
sema_t empty;
std::array<int, 2> ends;

void compute()
{
    static std::atomic<std::uint64_t> number{0};
    for (;;) {
        ++number;
    }
}

// Threads that bring others to life keep the process alive although they are daemons: with `alone`
// there are none.
void misbehave(std::size_t index, bool alone, stress::Random random)
{
    switch (alone && index % 6 == 4 ? 5 : index % 6) {
        case 0:
            if (index < 6) {
                compute();
            }
            for (;;) {
                thr_yield();
            }
        case 1: {
            const stress::Held held{mutex};
            for (;;) {
                cond_wait(&never, &mutex);
            }
        }
        case 2:
            sema_wait(&empty);
            break;
        case 3: {
            char byte = 0;
            static_cast<void>(!read(ends[0], &byte, 1));
            break;
        }
        case 4:
            for (;;) {
                stress::Crew children{1 + random.below(4), [](std::size_t) { thr_yield(); }};
            }
        default:
            for (;;) {
                const timestruc_t moment{0, static_cast<long>(random.below(200'000))};
                static_cast<void>(sema_reltimedwait(&empty, &moment));
                std::free(std::malloc(64 + random.below(1000)));
            }
    }
}

void leave(std::size_t)
{
    std::exit(kStatus);
}

// Counts in the parent how often the handler ran: through the pipe at descriptor 3.
void note_exit()
{
    static_cast<void>(!write(3, "x", 1));
}

[[noreturn]] void die(Way way, std::uint64_t seed)
{
    stress::Random random{seed};
    std::atexit(note_exit);
    if (pipe(ends.data()) != 0) {
        std::abort();
    }
    const bool counts_threads = way == kLastThreadEnds;
    // Leaked: the threads never end.
    auto* const crew = new stress::Crew;
    for (std::size_t i = 0; i < 24; ++i) {
        crew->add(
            1,
            [=](std::size_t index) {
                misbehave(index, counts_threads, stress::Random{seed + index});
            },
            (i % 5 == 4 ? THR_BOUND : 0) | (counts_threads ? THR_DAEMON : THR_DETACHED));
    }
    for (std::uint64_t i = random.below(50); i > 0; --i) {
        thr_yield();
    }
    switch (way) {
        case kExitInMain:
            std::exit(kStatus);
        case kExitInUnbound:
            crew->add(1, leave);
            break;
        case kExitInBound:
            crew->add(1, leave, THR_BOUND);
            break;
        case kUnderscoreExit:
            _exit(kStatus);
        case kThrExitOfMainThenExit:
            crew->add(1, leave);
            thr_exit(nullptr);
        case kLastThreadEnds:
            thr_exit(nullptr);
        case kTwoExitAtOnce:
            crew->add(2, leave);
            std::exit(kStatus);
        case kWayCount:
            std::abort();
    }
    for (;;) {
        thr_yield();
    }
}

struct End {
    int status;
    std::size_t handlers;
};

// Starts this program anew as one that dies in the way given. The pipe for note_exit is descriptor
// 3 there, which its death closes.
End watch(Way way, std::uint64_t seed)
{
    setenv(kWayVariable, std::to_string(way).c_str(), 1);
    setenv(kSeedVariable, std::to_string(seed).c_str(), 1);
    std::array<int, 2> notes{};
    stress::check(pipe2(notes.data(), O_CLOEXEC) == 0, "pipe2 works");
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, notes[1], 3);
    std::string name = "exit_race";
    std::array<char*, 2> arguments{name.data(), nullptr};
    pid_t pid = -1;
    stress::check_ok(
        posix_spawn(&pid, "/proc/self/exe", &actions, nullptr, arguments.data(), environ),
        "posix_spawn");
    posix_spawn_file_actions_destroy(&actions);
    close(notes[1]);
    // Ends when the child has gone.
    End end{};
    char byte = 0;
    while (read(notes[0], &byte, 1) == 1) {
        ++end.handlers;
    }
    close(notes[0]);
    stress::check(waitpid(pid, &end.status, 0) == pid, "waitpid finds the child");
    return end;
}

}  // namespace

void stress::run(const Options& options)
{
    if (const char* const way = std::getenv(kWayVariable)) {
        die(static_cast<Way>(std::strtoul(way, nullptr, 10)),
            std::strtoull(std::getenv(kSeedVariable), nullptr, 10));
    }
    const std::uint64_t count = options.count == 0 ? kDefaultCount : options.count;
    for (std::uint64_t i = 0; i < count; ++i) {
        const Way way = static_cast<Way>(i % kWayCount);
        const hrtime_t before = gethrtime();
        const End end = watch(way, options.seed * 1000 + i);
        const std::string what =
            "way " + std::to_string(way) + ", status " + std::to_string(end.status);
        check(WIFEXITED(end.status), what.c_str());
        const int expected = way == kLastThreadEnds ? 0 : kStatus;
        check(WEXITSTATUS(end.status) == expected, what.c_str());
        if (way != kTwoExitAtOnce) {
            check_equal(end.handlers, way == kUnderscoreExit ? 0 : 1, "atexit handlers run");
        }
        check(gethrtime() - before < kPatience, "the end is prompt");
    }
    report("processes", count);
}
