// Progress: a ready thread runs in bounded time although every LWP sleeps in read(2), or one thread
// computes. Bounds are generous; what was measured is printed. By hand, for the library's promise
// of 10 ms: LIBTHREAD_RETIRE_MS=1 progress --count 1000.
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <string_view>

#include "stress.h"
#include "support/insight.h"

namespace {

constexpr std::uint64_t kDefaultStalls = 20;
constexpr std::uint64_t kDefaultTrials = 200;
constexpr std::size_t kReaders = 16;
constexpr hrtime_t kBound = 20'000'000'000;  // of which 20 to 50 milliseconds are the aim

std::array<int, 2> idle_pipe;
std::array<int, 2> ready_pipe;

void read_byte(int file)
{
    char byte = 0;
    ssize_t size = 0;
    do {
        // Directly: libc's would not hold the LWP.
        size = syscall(SYS_read, file, &byte, 1);
    } while (size < 0 && errno == EINTR);
    stress::check(size == 1, "a byte arrives");
}

void write_byte(int file)
{
    stress::check(write(file, "x", 1) == 1, "a byte is written");
}

void report_times(const char* label, std::vector<hrtime_t> times)
{
    std::sort(times.begin(), times.end());
    stress::report(label, times.size());
    stress::report("  median us", static_cast<std::uint64_t>(times[times.size() / 2] / 1000));
    stress::report("  p99 us", static_cast<std::uint64_t>(times[times.size() * 99 / 100] / 1000));
    stress::report("  worst us", static_cast<std::uint64_t>(times.back() / 1000));
    stress::check(times.back() < kBound, "every thread ran in bounded time");
}

// Every thread reads an empty pipe, main too once it has made the next one.
void run_while_all_read(std::uint64_t trials)
{
    stress::Crew readers{kReaders, [](std::size_t) { read_byte(idle_pipe[0]); }};
    std::vector<hrtime_t> times;
    for (std::uint64_t i = 0; i < trials; ++i) {
        const hrtime_t before = gethrtime();
        stress::Crew ready{1, [](std::size_t) { write_byte(ready_pipe[1]); }};
        read_byte(ready_pipe[0]);
        times.push_back(gethrtime() - before);
    }
    for (std::size_t i = 0; i < kReaders; ++i) {
        write_byte(idle_pipe[1]);
    }
    readers.join();
    report_times("runs with all LWPs in read()", times);
}

// The pool's only LWP is held while a thread waits for it: how long that stands still. Then the LWP
// that was added for it has to retire.
void run_while_the_pool_stalls(std::uint64_t trials)
{
    std::vector<hrtime_t> times;
    for (std::uint64_t i = 0; i < trials; ++i) {
        while (insight::pool_lwps() > 1) {
            usleep(1000);
        }
        const hrtime_t before = gethrtime();
        hrtime_t ran = 0;
        stress::Crew ready{1, [&ran](std::size_t) {
                               ran = gethrtime();
                               write_byte(ready_pipe[1]);
                           }};
        read_byte(ready_pipe[0]);
        ready.join();
        times.push_back(ran - before);
    }
    report_times("runs with the only LWP in read()", times);
}

// One thread computes; a hundred become ready, main waits for them.
void run_while_one_computes()
{
    constexpr std::size_t kReady = 100;
    std::atomic<bool> stop{false};
    std::atomic<bool> computing{false};
    stress::Crew computer{1, [&](std::size_t) {
                              computing = true;
                              while (!stop) {}
                          }};
    while (!computing) {
        thr_yield();
    }
    std::vector<hrtime_t> times(kReady);
    const hrtime_t before = gethrtime();
    {
        stress::Crew ready{kReady, [&](std::size_t index) { times[index] = gethrtime() - before; }};
    }
    stop = true;
    computer.join();
    report_times("runs beside one that computes", times);
}

bool is_growth_blocked()
{
    const char* const growth = std::getenv("LIBTHREAD_GROWTH");
    return growth != nullptr && std::string_view{growth} != "auto";
}

// A pool that begins with one LWP, and whose others retire soon.
bool has_one_lwp()
{
    const char* const level = std::getenv("LIBTHREAD_CONCURRENCY");
    return insight::is_two_level() && std::getenv("LIBTHREAD_RETIRE_MS") != nullptr &&
           (level == nullptr || std::string_view{level} == "1");
}

}  // namespace

void stress::run(const Options& options)
{
    check(pipe(idle_pipe.data()) == 0 && pipe(ready_pipe.data()) == 0, "pipe works");
    Crew{1, [](std::size_t) {}};  // the model is chosen with the first thread
    if (has_one_lwp()) {
        run_while_the_pool_stalls(options.count == 0 ? kDefaultStalls : options.count);
    }
    run_while_all_read(options.count == 0 ? kDefaultTrials : options.count);
    if (!is_growth_blocked()) {
        for (int round = 0; round < 5; ++round) {
            run_while_one_computes();
        }
    }
}
