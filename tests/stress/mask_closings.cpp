// A bound thread closes a signal to the whole process again and again, while LWPs are started, go
// idle and find work at every moment of it: each closing comes to its end. It once waited for ever
// for an LWP that it had seen before the LWP's kernel id was known.
#include <sched.h>
#include <signal.h>

#include <atomic>

#include "stress.h"

namespace {

constexpr std::uint64_t kClosings = 3000;
constexpr int kLevels = 64;  // LWPs at the end
constexpr std::size_t kSleepers = 3;

sema_t turns;
std::atomic<bool> stop{false};

void change_mask(int how)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    stress::check_ok(thr_sigsetmask(how, &set, nullptr), "thr_sigsetmask");
}

// Short turns with nothing behind them: the LWP is idle between any two.
void take_turns(std::size_t /*index*/)
{
    while (!stop) {
        stress::check_ok(sema_wait(&turns), "sema_wait");
    }
}

void close_again_and_again(std::uint64_t closings)
{
    const std::uint64_t step = closings / kLevels + 1;
    for (std::uint64_t i = 0; i < closings; ++i) {
        if (i % step == 0) {
            thr_setconcurrency(static_cast<int>(i / step));  // one more LWP, started meanwhile
        }
        change_mask(SIG_UNBLOCK);
        change_mask(SIG_BLOCK);  // nobody else has it open
    }
    stop = true;
}

}  // namespace

void stress::run(const Options& options)
{
    const std::uint64_t closings = options.count != 0 ? options.count : kClosings;
    stress::check_ok(sema_init(&turns, 0, USYNC_THREAD, nullptr), "sema_init");
    change_mask(SIG_BLOCK);
    Crew sleepers{kSleepers, take_turns};
    Crew poster{1,
                [](std::size_t) {
                    while (!stop) {
                        stress::check_ok(sema_post(&turns), "sema_post");
                        sched_yield();
                    }
                    for (std::size_t i = 0; i < kSleepers; ++i) {
                        stress::check_ok(sema_post(&turns), "sema_post");
                    }
                },
                THR_BOUND};
    Crew closer{1, [closings](std::size_t) { close_again_and_again(closings); }, THR_BOUND};
    closer.join();
    poster.join();
    sleepers.join();
    stress::report("closings", closings);
}
