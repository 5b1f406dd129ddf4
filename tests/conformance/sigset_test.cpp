// sigset(3C), sigpause(3C), signal(3C), siginterrupt(3C): the calls of System V and BSD, in
// threads.
#include <thread.h>

#include <signal.h>

#include <cerrno>

#include "conformance/fixture.h"
#include "conformance/signal_sets.h"

#pragma GCC diagnostic ignored "-Wdeprecated-declarations"  // what is tested here

namespace conformance {
namespace {

std::atomic<int> handlings{0};
std::atomic<thread_t> handler_thread{0};
std::atomic<bool> closed_inside{false};

bool is_closed(int number)
{
    sigset_t mask;
    sigemptyset(&mask);
    EXPECT_EQ(thr_sigsetmask(SIG_BLOCK, nullptr, &mask), 0);
    return sigismember(&mask, number) == 1;
}

void note_handling(int number)
{
    sigset_t mask;
    sigemptyset(&mask);
    thr_sigsetmask(SIG_BLOCK, nullptr, &mask);
    closed_inside.store(sigismember(&mask, number) == 1);
    handler_thread.store(thr_self());
    handlings.fetch_add(1);
}

class SystemV : public ThreadTest {
  protected:
    void SetUp() override
    {
        ASSERT_EQ(sigaction(SIGUSR1, nullptr, &before_), 0);
        ASSERT_EQ(thr_sigsetmask(SIG_BLOCK, nullptr, &mask_), 0);
        handlings.store(0);
    }

    void TearDown() override
    {
        EXPECT_EQ(sigaction(SIGUSR1, &before_, nullptr), 0);
        EXPECT_EQ(thr_sigsetmask(SIG_SETMASK, &mask_, nullptr), 0);
        ThreadTest::TearDown();
    }

  private:
    struct sigaction before_ {};
    sigset_t mask_{};
};

INSTANTIATE_TEST_SUITE_P(Threads, SystemV, bindings(), binding_name);

// COMP-SIG-01: a handler of sigset runs on the thread that the signal was sent to, with the signal
// closed, and stays; sigset returns what was there before.
TEST_P(SystemV, S01SigsetInstallsAHandlerThatStays)
{
    EXPECT_EQ(sigset(SIGUSR1, note_handling), SIG_DFL);
    join(start([] {
        for (int i = 1; i <= 3; ++i) {
            EXPECT_EQ(thr_kill(thr_self(), SIGUSR1), 0);
            EXPECT_EQ(handlings.load(), i);
        }
        EXPECT_EQ(handler_thread.load(), thr_self());
        EXPECT_TRUE(closed_inside.load());
    }));
    EXPECT_EQ(sigset(SIGUSR1, SIG_IGN), note_handling);
    EXPECT_EQ(sigset(SIGUSR1, SIG_DFL), SIG_IGN);
}

// COMP-SIG-02: sighold, sigrelse and SIG_HOLD close and open a signal for the caller alone, on
// whichever LWP it runs; what came meanwhile is handled by sigrelse.
TEST_P(SystemV, S02SigholdIsTheCallersOwn)
{
    ASSERT_EQ(sigset(SIGUSR1, note_handling), SIG_DFL);
    latch::Counter turn;
    const thread_t holder = start([&] {
        EXPECT_EQ(sighold(SIGUSR1), 0);
        turn.add(1);
        EXPECT_TRUE(turn.wait_for([](int count) { return count == 2; }));
        EXPECT_TRUE(is_closed(SIGUSR1));
        EXPECT_EQ(handlings.load(), 0);
        EXPECT_EQ(sigrelse(SIGUSR1), 0);
        EXPECT_EQ(handlings.load(), 1);
        EXPECT_EQ(handler_thread.load(), thr_self());
        EXPECT_EQ(sigset(SIGUSR1, SIG_HOLD), note_handling);
        EXPECT_TRUE(is_closed(SIGUSR1));
        EXPECT_EQ(sigset(SIGUSR1, note_handling), SIG_HOLD);
        EXPECT_FALSE(is_closed(SIGUSR1));
    });
    ASSERT_TRUE(turn.wait_for([](int count) { return count == 1; }));
    join(start([] { EXPECT_FALSE(is_closed(SIGUSR1)); }));
    EXPECT_EQ(thr_kill(holder, SIGUSR1), 0);
    turn.add(1);
    join(holder);
    EXPECT_EQ(handlings.load(), 1);
}

// COMP-SIG-03: sigpause opens the signal, waits until a handler has run, and closes it again.
TEST_P(SystemV, S03SigpauseWaitsForTheSignal)
{
    ASSERT_EQ(sigset(SIGUSR1, note_handling), SIG_DFL);
    blocked::Marker waiting;
    const thread_t waiter = start([&] {
        EXPECT_EQ(sighold(SIGUSR1), 0);
        waiting.about_to_wait();
        EXPECT_EQ(sigpause(SIGUSR1), -1);
        EXPECT_EQ(errno, EINTR);
        EXPECT_TRUE(is_closed(SIGUSR1));
    });
    ASSERT_TRUE(waiting.seen_waiting());
    EXPECT_EQ(thr_kill(waiter, SIGUSR1), 0);
    join(waiter);
    EXPECT_EQ(handlings.load(), 1);
    EXPECT_EQ(handler_thread.load(), waiter);
}

// COMP-SIG-04: sigignore ignores.
TEST_P(SystemV, S04SigignoreIgnores)
{
    EXPECT_EQ(sigignore(SIGUSR1), 0);
    join(start([] { EXPECT_EQ(thr_kill(thr_self(), SIGUSR1), 0); }));
    EXPECT_EQ(sigset(SIGUSR1, SIG_DFL), SIG_IGN);
}

// COMP-SIG-05: no signal of that number: EINVAL.
TEST_P(SystemV, S05RefusesWhatIsNoSignal)
{
    for (const int number : {-1, 0, 65, 1000}) {
        errno = 0;
        EXPECT_EQ(sigset(number, SIG_IGN), SIG_ERR);
        EXPECT_EQ(errno, EINVAL);
        EXPECT_EQ(sighold(number), -1);
        EXPECT_EQ(sigrelse(number), -1);
        EXPECT_EQ(sigignore(number), -1);
        EXPECT_EQ(sigpause(number), -1);
        EXPECT_EQ(signal(number, SIG_IGN), SIG_ERR);
        EXPECT_EQ(siginterrupt(number, 1), -1);
    }
    EXPECT_EQ(sigset(SIGKILL, SIG_IGN), SIG_ERR);
    EXPECT_EQ(sigignore(SIGSTOP), -1);
}

// COMP-SIG-06: siginterrupt decides whether calls go on after a handler, also for handlers that
// signal installs later.
TEST_P(SystemV, S06SiginterruptClearsRestart)
{
    struct sigaction action {};
    ASSERT_EQ(signal(SIGUSR1, note_handling), SIG_DFL);
    ASSERT_EQ(siginterrupt(SIGUSR1, 1), 0);
    ASSERT_EQ(sigaction(SIGUSR1, nullptr, &action), 0);
    EXPECT_EQ(action.sa_flags & SA_RESTART, 0);
    EXPECT_EQ(action.sa_handler, note_handling);
    ASSERT_EQ(signal(SIGUSR1, note_handling), note_handling);
    ASSERT_EQ(sigaction(SIGUSR1, nullptr, &action), 0);
    EXPECT_EQ(action.sa_flags & SA_RESTART, 0);
    ASSERT_EQ(siginterrupt(SIGUSR1, 0), 0);
    ASSERT_EQ(sigaction(SIGUSR1, nullptr, &action), 0);
    EXPECT_NE(action.sa_flags & SA_RESTART, 0);
}

}  // namespace
}  // namespace conformance
