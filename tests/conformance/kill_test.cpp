// kill(2), sigaction(2): signals for the process, and handlers that its threads share.
#include <thread.h>

#include <signal.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "conformance/fixture.h"
#include "conformance/signal_sets.h"
#include "conformance/sync_support.h"

// As system libraries of the time call them; no header declares them.
extern "C" {
int _sigaction(int number, const struct sigaction* action, struct sigaction* before);
int _sigprocmask(int how, const sigset_t* set, sigset_t* before);
unsigned _alarm(unsigned seconds);
int _setitimer(int timer, const itimerval* value, itimerval* before);
}

#pragma GCC diagnostic ignored "-Wdeprecated-declarations"  // sigset

namespace conformance {
namespace {

class Kill : public ThreadTest {
  protected:
    void SetUp() override { ASSERT_EQ(thr_sigsetmask(SIG_BLOCK, nullptr, &before_), 0); }

    void TearDown() override
    {
        EXPECT_EQ(thr_sigsetmask(SIG_SETMASK, &before_, nullptr), 0);
        ThreadTest::TearDown();
    }

    static void block(std::initializer_list<int> numbers)
    {
        const sigset_t set = signal_set(numbers);
        EXPECT_EQ(thr_sigsetmask(SIG_BLOCK, &set, nullptr), 0);
    }

    static void unblock(std::initializer_list<int> numbers)
    {
        const sigset_t set = signal_set(numbers);
        EXPECT_EQ(thr_sigsetmask(SIG_UNBLOCK, &set, nullptr), 0);
    }

  private:
    sigset_t before_{};
};
INSTANTIATE_TEST_SUITE_P(Threads, Kill, bindings(), binding_name);

// SIG-16: a signal for the process goes to the one thread that does not block it: asleep in a wait,
// SIG-18: and is handled once.
TEST_P(Kill, S16GoesToTheThreadThatHasItOpen)
{
    const CountingHandler handler{SIGUSR1};
    block({SIGUSR1});
    latch::Gate leave;
    std::vector<thread_t> closed;
    for (int i = 0; i < 3; ++i) {
        closed.push_back(start([&] { leave.wait(); }));
    }
    blocked::Marker waiting;
    sema_t never{};
    const thread_t open = start([&] {
        unblock({SIGUSR1});
        waiting.about_to_wait();
        EXPECT_EQ(sema_wait(&never), EINTR);
    });
    ASSERT_TRUE(waiting.seen_waiting());
    EXPECT_EQ(kill(getpid(), SIGUSR1), 0);
    join(open);
    EXPECT_EQ(handler.count(), 1);
    EXPECT_EQ(handler.runner(), open);
    leave.open();
    for (const thread_t id : closed) {
        join(id);
    }
    EXPECT_EQ(handler.count(), 1);
}

// SIG-16: or computing, while the thread that sends blocks it.
TEST_P(Kill, S16GoesToAComputingThread)
{
    const CountingHandler handler{SIGUSR1};
    block({SIGUSR1});
    std::atomic<bool> runs{false};
    const thread_t open = start([&] {
        unblock({SIGUSR1});
        runs.store(true);
        while (handler.count() == 0) {}
    });
    ASSERT_TRUE(bounded::until([&] { return runs.load(); }));
    EXPECT_EQ(kill(getpid(), SIGUSR1), 0);
    join(open);
    EXPECT_EQ(handler.runner(), open);
    EXPECT_EQ(handler.count(), 1);
}

// SIG-17: blocked by all it stays pending, until one thread unblocks it.
TEST_P(Kill, S17StaysPendingUntilAThreadUnblocksIt)
{
    const CountingHandler handler{SIGUSR1};
    block({SIGUSR1});
    latch::Gate leave;
    const thread_t closed = start([&] { leave.wait(); });
    EXPECT_EQ(kill(getpid(), SIGUSR1), 0);
    EXPECT_TRUE(bounded::holds_for(30ms, [&] { return handler.count() == 0; }));
    sigset_t pending;
    sigpending(&pending);
    EXPECT_EQ(sigismember(&pending, SIGUSR1), 1);
    const thread_t open = start([&] {
        unblock({SIGUSR1});
        EXPECT_TRUE(handler.waits_for(1));
    });
    join(open);
    EXPECT_EQ(handler.runner(), open);
    leave.open();
    join(closed);
    EXPECT_EQ(handler.count(), 1);
}

// SIG-17: even a signal that would end the process: no LWP has it open behind the threads' backs.
TEST_P(Kill, S17DoesNotEndTheProcessWhileAllBlockIt)
{
    constexpr int kThreads = 4;
    latch::Latch all_blocked{kThreads};
    latch::Gate leave;
    std::vector<thread_t> ids;
    for (int i = 0; i < kThreads; ++i) {
        ids.push_back(start([&] {
            thr_yield();
            block({SIGTERM});
            all_blocked.arrive();
            leave.wait();
        }));
    }
    ASSERT_TRUE(all_blocked.wait());
    block({SIGTERM});
    EXPECT_EQ(kill(getpid(), SIGTERM), 0);
    const sigset_t term = signal_set({SIGTERM});
    int number = 0;
    EXPECT_EQ(sigwait(&term, &number), 0);
    EXPECT_EQ(number, SIGTERM);
    leave.open();
    for (const thread_t id : ids) {
        join(id);
    }
}

// SIG-18: real-time signals of the process are each handled once, whichever threads run.
TEST_P(Kill, S18HandlesEachSignalOnce)
{
    const int number = SIGRTMIN + 5;
    const CountingHandler handler{number};
    constexpr int kSignals = 200;
    std::atomic<bool> stop{false};
    std::vector<thread_t> ids;
    for (int i = 0; i < 4; ++i) {
        ids.push_back(start([&] {
            while (!stop.load()) {
                thr_yield();
            }
        }));
    }
    for (int i = 0; i < kSignals; ++i) {
        while (sigqueue(getpid(), number, sigval{}) != 0) {
            ASSERT_EQ(errno, EAGAIN);  // too many wait, of all processes of this user
            thr_yield();
        }
    }
    EXPECT_TRUE(handler.waits_for(kSignals));
    stop.store(true);
    for (const thread_t id : ids) {
        join(id);
    }
    EXPECT_EQ(handler.count(), kSignals);
}

// SIG-27: SIGWAITING and SIGLWP are ignored by default; programs may ignore them or have handlers.
TEST_P(Kill, S27TakesHandlersForSigwaitingAndSiglwp)
{
#if !defined(SIGWAITING)
    GTEST_SKIP() << "the system's own sigaction refuses these numbers";
#else
    constexpr auto kNothing = +[](int) {};
    for (const int number : {SIGWAITING, SIGLWP}) {
        struct sigaction action {};
        struct sigaction before {};
        struct sigaction now {};
        action.sa_handler = kNothing;
        EXPECT_EQ(sigaction(number, &action, &before), 0);
        EXPECT_TRUE(before.sa_handler == SIG_DFL || before.sa_handler == SIG_IGN);
        EXPECT_EQ(sigaction(number, nullptr, &now), 0);
        EXPECT_EQ(now.sa_handler, kNothing);
        EXPECT_EQ(signal(number, SIG_IGN), kNothing);
        EXPECT_EQ(sigset(number, SIG_DFL), SIG_IGN);  // NOLINT: what programs of the time call
        EXPECT_EQ(sigaction(number, &before, nullptr), 0);
    }
    // What the library does with signals of its own goes on.
    latch::Counter gate;
    const thread_t waiter =
        start([&] { EXPECT_TRUE(gate.wait_for([](int open) { return open; })); });
    EXPECT_EQ(thr_suspend(waiter), 0);
    EXPECT_EQ(thr_continue(waiter), 0);
    gate.add(1);
    join(waiter);
#endif
}

// SIG-24: a handler installed by one thread is that of all.
TEST_P(Kill, S24SharesHandlersAmongThreads)
{
    struct sigaction before {};
    sigaction(SIGUSR2, nullptr, &before);
    join(start([] {
        struct sigaction action {};
        action.sa_handler = SIG_IGN;
        EXPECT_EQ(sigaction(SIGUSR2, &action, nullptr), 0);
    }));
    struct sigaction seen {};
    EXPECT_EQ(sigaction(SIGUSR2, nullptr, &seen), 0);
    EXPECT_EQ(seen.sa_handler, SIG_IGN);
    EXPECT_EQ(thr_kill(thr_self(), SIGUSR2), 0);
    sigaction(SIGUSR2, &before, nullptr);
}

// SIG-31: the alarm of setitimer goes to the process, once each time.
TEST_P(Kill, S31TimerGoesToOneThread)
{
    const CountingHandler handler{SIGALRM};
    const thread_t setter = start([&] {
        itimerval once{};
        once.it_value.tv_usec = 5000;
        EXPECT_EQ(setitimer(ITIMER_REAL, &once, nullptr), 0);
        EXPECT_TRUE(handler.waits_for(1));
    });
    join(setter);
    EXPECT_TRUE(bounded::holds_for(20ms, [&] { return handler.count() == 1; }));
    EXPECT_NE(handler.runner(), 0U);
}

// SIG-31: and the signals of a timer, each with its value, until it is deleted.
TEST_P(Kill, S31PosixTimerSignalsTheProcess)
{
    static std::atomic<int> values;
    values.store(0);
    struct sigaction action {};
    action.sa_sigaction = [](int, siginfo_t* info, void*) {
        values.fetch_add(info->si_code == SI_TIMER ? info->si_value.sival_int : 1000);
    };
    action.sa_flags = SA_SIGINFO | SA_RESTART;
    sigaction(SIGUSR2, &action, nullptr);
    join(start([] {
        sigevent event{};
        event.sigev_notify = SIGEV_SIGNAL;
        event.sigev_signo = SIGUSR2;
        event.sigev_value.sival_int = 7;
        timer_t timer{};
        // Its signal counts among those that wait, of all processes of this user.
        ASSERT_TRUE(
            bounded::until([&] { return timer_create(CLOCK_MONOTONIC, &event, &timer) == 0; }));
        itimerspec time{};
        time.it_value.tv_nsec = time.it_interval.tv_nsec = 2'000'000;
        ASSERT_EQ(timer_settime(timer, 0, &time, nullptr), 0);
        EXPECT_TRUE(bounded::until([] { return values.load() >= 3 * 7; }));
        EXPECT_EQ(timer_delete(timer), 0);
    }));
    EXPECT_EQ(values.load() % 7, 0);
    // Its last one may be on the way to a thread still.
    action.sa_flags = 0;
    action.sa_handler = SIG_IGN;
    sigaction(SIGUSR2, &action, nullptr);
}

// SIG-31: also under the names that system libraries of the time call.
TEST_P(Kill, S31TimerOfTheUnderscoredNames)
{
    const CountingHandler handler{SIGALRM};
    const thread_t setter = start([&] {
        struct sigaction seen {};
        EXPECT_EQ(_sigaction(SIGALRM, nullptr, &seen), 0);
        EXPECT_NE(seen.sa_handler, SIG_DFL);
        sigset_t mask;
        EXPECT_EQ(_sigprocmask(SIG_BLOCK, nullptr, &mask), 0);
        EXPECT_EQ(sigismember(&mask, SIGALRM), 0);
        EXPECT_EQ(_alarm(100), 0U);
        EXPECT_GT(_alarm(0), 0U);
        itimerval once{};
        once.it_value.tv_usec = 2000;
        EXPECT_EQ(_setitimer(ITIMER_REAL, &once, nullptr), 0);
        EXPECT_TRUE(handler.waits_for(1));
    });
    join(setter);
}

}  // namespace
}  // namespace conformance
