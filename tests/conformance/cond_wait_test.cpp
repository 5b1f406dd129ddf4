// cond_wait(3C): what it does with the mutex, signals, cancellation.
#include <synch.h>
#include <thread.h>

#include "sync_support.h"

namespace conformance {
namespace {

class CondWait : public ThreadTest {
  protected:
    int trylock_elsewhere(mutex_t& mutex)
    {
        int result = -1;
        join(start([&] {
            result = mutex_trylock(&mutex);
            if (result == 0) {
                mutex_unlock(&mutex);
            }
        }));
        return result;
    }

    // Waits in cond_wait in another thread until a caught signal ends the wait.
    void expect_eintr(int handler_flags)
    {
        const CountingHandler handler{SIGUSR1, handler_flags};
        int result = -1;
        int held = -1;
        const thread_t waiter = start([&] {
            mutex_lock(&mutex_);
            result = cond_wait(&cond_, &mutex_);
            held = mutex_held(&mutex_);
            mutex_unlock(&mutex_);
        });
        ASSERT_TRUE(sleeps_on(waiter, &cond_));
        EXPECT_EQ(thr_kill(waiter, SIGUSR1), 0);
        join(waiter);
        EXPECT_EQ(result, EINTR);
        EXPECT_EQ(held, 1);
        EXPECT_EQ(handler.count(), 1);
        EXPECT_EQ(handler.runner(), waiter);
    }

    mutex_t mutex_{};
    cond_t cond_{};
};
INSTANTIATE_TEST_SUITE_P(, CondWait, bindings(), binding_name);

// COND-05: the mutex is free during the wait.
TEST_P(CondWait, S05ReleasesTheMutexWhileWaiting)
{
    bool told = false;
    const thread_t waiter = start([&] {
        mutex_lock(&mutex_);
        while (!told) {
            EXPECT_EQ(cond_wait(&cond_, &mutex_), 0);
        }
        mutex_unlock(&mutex_);
    });
    ASSERT_TRUE(sleeps_on(waiter, &cond_));
    EXPECT_EQ(mutex_trylock(&mutex_), 0);
    told = true;
    cond_signal(&cond_);
    mutex_unlock(&mutex_);
    join(waiter);
}

// COND-06: the mutex is held when the wait returns.
TEST_P(CondWait, S06ReturnsWithTheMutexHeld)
{
    bool told = false;
    int held = -1;
    latch::Gate returned;
    latch::Gate release;
    const thread_t waiter = start([&] {
        mutex_lock(&mutex_);
        while (!told) {
            cond_wait(&cond_, &mutex_);
        }
        held = MUTEX_HELD(&mutex_);
        returned.open();
        release.wait();
        mutex_unlock(&mutex_);
    });
    ASSERT_TRUE(sleeps_on(waiter, &cond_));
    mutex_lock(&mutex_);
    told = true;
    cond_signal(&cond_);
    mutex_unlock(&mutex_);
    ASSERT_TRUE(returned.wait());
    EXPECT_EQ(mutex_trylock(&mutex_), EBUSY);
    release.open();
    join(waiter);
    EXPECT_EQ(held, 1);
}

// COND-11: no wake-up is lost between the unlock and the sleep: two threads hand a turn to and fro.
// COND-31: the loop around the wait re-tests, so a spurious return does no harm.
TEST_P(CondWait, S11LosesNoWakeUp)
{
    constexpr int kTurns = 4'000;
    int turn = 0;
    const auto play = [&](int parity) {
        mutex_lock(&mutex_);
        while (turn < kTurns) {
            while (turn < kTurns && turn % 2 != parity) {
                EXPECT_EQ(cond_wait(&cond_, &mutex_), 0);
            }
            ++turn;
            cond_signal(&cond_);
        }
        mutex_unlock(&mutex_);
    };
    const thread_t even = start([&] { play(0); });
    const thread_t odd = start([&] { play(1); });
    EXPECT_TRUE(bounded::until([&] { return !is_alive(even) && !is_alive(odd); }))
        << "stuck at turn " << turn;
    join(even);
    join(odd);
    EXPECT_GE(turn, kTurns);
}

// COND-12: a caught signal ends the wait with EINTR, the mutex is held.
TEST_P(CondWait, S12ReturnsEintrAfterACaughtSignal)
{
    expect_eintr(0);
}

// COND-13: also when the handler was installed with SA_RESTART.
TEST_P(CondWait, S13ReturnsEintrInSpiteOfSaRestart)
{
    expect_eintr(SA_RESTART);
}

// COND-24: waiting with an error-checking mutex that the caller does not hold gives EPERM.
TEST_P(CondWait, S24RefusesAnErrorcheckMutexNotHeld)
{
    mutex_t checked = ERRORCHECKMUTEX;
    EXPECT_EQ(cond_wait(&cond_, &checked), EPERM);
    const timestruc_t soon = from_now(10ms);
    EXPECT_EQ(cond_timedwait(&cond_, &checked, &soon), EPERM);
    EXPECT_EQ(trylock_elsewhere(checked), 0);
}

// COND-25: a recursive mutex held three deep is freed wholly and three deep again afterwards.
TEST_P(CondWait, S25RestoresTheDepthOfARecursiveMutex)
{
    mutex_t recursive = RECURSIVEMUTEX;
    bool told = false;
    latch::Gate returned;
    latch::Gate release;
    const thread_t waiter = start([&] {
        for (int i = 0; i < 3; ++i) {
            mutex_lock(&recursive);
        }
        while (!told) {
            EXPECT_EQ(cond_wait(&cond_, &recursive), 0);
        }
        for (int i = 0; i < 3; ++i) {
            EXPECT_EQ(mutex_held(&recursive), 1) << i;
            EXPECT_EQ(trylock_elsewhere(recursive), EBUSY) << i;
            EXPECT_EQ(mutex_unlock(&recursive), 0) << i;
        }
        EXPECT_EQ(mutex_held(&recursive), 0);
        EXPECT_EQ(trylock_elsewhere(recursive), 0);
    });
    ASSERT_TRUE(sleeps_on(waiter, &cond_));
    EXPECT_EQ(mutex_trylock(&recursive), 0);
    told = true;
    cond_signal(&cond_);
    mutex_unlock(&recursive);
    join(waiter);
}

// What the cleanup handler of COND-27 saw.
struct Cleanup {
    mutex_t* mutex;
    int held = -1;
};

void note_and_unlock(void* argument)
{
    auto* const cleanup = static_cast<Cleanup*>(argument);
    cleanup->held = mutex_held(cleanup->mutex);
    mutex_unlock(cleanup->mutex);
}

// COND-27: pthread_cancel ends the wait; the cleanup handler runs with the mutex held.
TEST_P(CondWait, S27IsACancellationPointWithTheMutexHeldInTheHandler)
{
    Cleanup cleanup{&mutex_};
    std::atomic<pthread_t> self{0};
    const thread_t waiter = start([&] {
        self = pthread_self();
        mutex_lock(&mutex_);
        pthread_cleanup_push(note_and_unlock, &cleanup);
        for (;;) {
            cond_wait(&cond_, &mutex_);
        }
        pthread_cleanup_pop(0);
    });
    ASSERT_TRUE(sleeps_on(waiter, &cond_));
    EXPECT_EQ(pthread_cancel(self), 0);
    EXPECT_EQ(join(waiter), PTHREAD_CANCELED);
    EXPECT_EQ(cleanup.held, 1);
    EXPECT_EQ(mutex_trylock(&mutex_), 0);
    mutex_unlock(&mutex_);
}

}  // namespace
}  // namespace conformance
