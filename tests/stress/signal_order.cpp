// Real-time signals for the process, of two numbers, to threads that wait for them, give up, and
// are interrupted by handlers: none is lost or comes twice, and each thread gets those of one
// number in the order sent. Once with unbound threads, once with bound ones. Then with both, who
// may be handed a signal that another was woken for: only the count holds there.
// --count gives the number of signals for each.
#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <vector>

#include "stress.h"

namespace {

constexpr int kNumbers = 2;
constexpr std::size_t kWaiters = 4;

struct Storm {
    std::uint64_t count;
    bool ordered;
    std::vector<std::atomic<int>> seen;  // how often each value has come, by number and value
    std::atomic<std::uint64_t> taken{0};
};

sigset_t waited_for()
{
    sigset_t set;
    sigemptyset(&set);
    for (int i = 0; i < kNumbers; ++i) {
        sigaddset(&set, SIGRTMIN + 4 + i);
    }
    return set;
}

void wait_again_and_again(Storm& storm, stress::Random random)
{
    const sigset_t set = waited_for();
    int last[kNumbers] = {-1, -1};
    while (storm.taken < storm.count * kNumbers) {
        const timespec limit{0, static_cast<long>(random.below(3) * 100'000)};
        siginfo_t info{};
        const int signal = sigtimedwait(&set, &info, &limit);
        if (signal < 0) {
            stress::check(errno == EAGAIN || errno == EINTR, "EAGAIN or EINTR");
            thr_yield();
            continue;
        }
        const int number = signal - SIGRTMIN - 4;
        const int value = info.si_value.sival_int;
        stress::check(!storm.ordered || value > last[number], "in the order sent");
        last[number] = value;
        const auto place = static_cast<std::size_t>(value * kNumbers + number);
        stress::check_equal(static_cast<std::uint64_t>(storm.seen[place].fetch_add(1)), 0,
                            "times that it came before");
        ++storm.taken;
    }
}

// No more at a time than the kernel keeps.
void send_all(const Storm& storm, const stress::Crew& crew, stress::Random random)
{
    for (std::uint64_t i = 0; i < storm.count; ++i) {
        // Before the signals: no waiter ends until all of them are taken.
        if (random.one_in(8)) {
            stress::check_ok(thr_kill(crew.id(random.below(kWaiters)), SIGUSR1), "thr_kill");
        }
        sigval value{};
        value.sival_int = static_cast<int>(i);
        for (int number = 0; number < kNumbers; ++number) {
            while (sigqueue(getpid(), SIGRTMIN + 4 + number, value) != 0) {
                stress::check_equal(static_cast<std::uint64_t>(errno), EAGAIN, "sigqueue");
                thr_yield();
            }
        }
        while (i * kNumbers > storm.taken + 500) {
            thr_yield();
        }
    }
}

void blow(stress::Random random, std::uint64_t count, long flags, long other_flags)
{
    Storm storm{count, flags == other_flags, std::vector<std::atomic<int>>(count * kNumbers)};
    const auto body = [&](std::size_t index) {
        wait_again_and_again(storm, stress::Random{index});
    };
    stress::Crew crew{kWaiters / 2, body, flags};
    crew.add(kWaiters / 2, body, other_flags);
    send_all(storm, crew, random);
    crew.join();
    stress::check_equal(storm.taken, count * kNumbers, "signals taken");
}

}  // namespace

void stress::run(const Options& options)
{
    const std::uint64_t count = options.count != 0 ? options.count : 2'000;
    struct sigaction action {};
    action.sa_handler = [](int) {};
    sigemptyset(&action.sa_mask);
    sigaction(SIGUSR1, &action, nullptr);
    const sigset_t set = waited_for();
    check_ok(thr_sigsetmask(SIG_BLOCK, &set, nullptr), "thr_sigsetmask");
    Random random{options.seed};
    blow(random, count, 0, 0);
    blow(random, count, THR_BOUND, THR_BOUND);
    blow(random, count, 0, THR_BOUND);
}
