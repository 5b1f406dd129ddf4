// cond_signal(3C), cond_broadcast: who is woken.
#include <synch.h>
#include <thread.h>

#include "sync_support.h"

namespace conformance {
namespace {

class CondSignal : public ThreadTest {
  protected:
    // Starts a thread that waits once, without a predicate, and notes `who` when it returns; waits
    // until it sleeps.
    thread_t start_waiter(int who)
    {
        const thread_t id = start([this, who] {
            mutex_lock(&mutex_);
            EXPECT_EQ(cond_wait(&cond_, &mutex_), 0);
            mutex_unlock(&mutex_);
            order_.note(who);
        });
        EXPECT_TRUE(sleeps_on(id, &cond_));
        return id;
    }

    mutex_t mutex_{};
    cond_t cond_{};
    Order order_;
};
INSTANTIATE_TEST_SUITE_P(, CondSignal, bindings(), binding_name);

// COND-07: cond_signal wakes one waiter, the others go on waiting.
TEST_P(CondSignal, S07WakesOne)
{
    std::vector<thread_t> waiters;
    for (int who = 0; who < 3; ++who) {
        waiters.push_back(start_waiter(who));
    }
    for (std::size_t signalled = 1; signalled <= waiters.size(); ++signalled) {
        EXPECT_EQ(cond_signal(&cond_), 0);
        ASSERT_TRUE(order_.reaches(signalled));
        EXPECT_TRUE(bounded::holds_for(kWindow, [&] { return order_.size() == signalled; }));
    }
    for (const thread_t id : waiters) {
        join(id);
    }
}

// COND-08: cond_broadcast wakes all.
TEST_P(CondSignal, S08BroadcastWakesAll)
{
    constexpr int kWaiters = 20;
    std::vector<thread_t> waiters;
    for (int who = 0; who < kWaiters; ++who) {
        waiters.push_back(start_waiter(who));
    }
    mutex_lock(&mutex_);
    EXPECT_EQ(cond_broadcast(&cond_), 0);
    mutex_unlock(&mutex_);
    for (const thread_t id : waiters) {
        join(id);
    }
    EXPECT_EQ(order_.size(), std::size_t{kWaiters});
}

// COND-09: signals and broadcasts without a waiter give 0 and are not remembered.
TEST_P(CondSignal, S09IsNotRemembered)
{
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(cond_signal(&cond_), 0);
        EXPECT_EQ(cond_broadcast(&cond_), 0);
    }
    const thread_t waiter = start_waiter(1);
    EXPECT_TRUE(stays_asleep_on(waiter, &cond_));
    cond_signal(&cond_);
    join(waiter);
}

// COND-10: signalling without holding the mutex works.
TEST_P(CondSignal, S10NeedsNotHoldTheMutex)
{
    const thread_t first = start_waiter(1);
    const thread_t second = start_waiter(2);
    EXPECT_FALSE(mutex_held(&mutex_));
    EXPECT_EQ(cond_signal(&cond_), 0);
    ASSERT_TRUE(order_.reaches(1));
    EXPECT_EQ(cond_broadcast(&cond_), 0);
    join(first);
    join(second);
}

// COND-26: a waiter that leaves with ETIME does not take a concurrent signal with it.
TEST_P(CondSignal, S26LeavingByEtimeSwallowsNoSignal)
{
    constexpr int kRounds = 300;
    for (int round = 0; round < kRounds; ++round) {
        const auto timeout = std::chrono::microseconds{200 + 10 * (round % 40)};
        int timed_result = -1;
        // The timed waiter comes first: the signal is for it unless it has left.
        const thread_t timed = start([&] {
            mutex_lock(&mutex_);
            const timestruc_t wait = to_timestruc(timeout);
            timed_result = cond_reltimedwait(&cond_, &mutex_, &wait);
            mutex_unlock(&mutex_);
        });
        const thread_t patient = start([&] {
            mutex_lock(&mutex_);
            EXPECT_EQ(cond_wait(&cond_, &mutex_), 0);
            mutex_unlock(&mutex_);
        });
        ASSERT_TRUE(sleeps_on(patient, &cond_));
        cond_signal(&cond_);
        join(timed);
        if (timed_result == 0) {
            cond_signal(&cond_);
        } else {
            ASSERT_EQ(timed_result, ETIME);
        }
        ASSERT_TRUE(bounded::until([&] { return !is_alive(patient); })) << "round " << round;
        join(patient);
    }
}

// COND-26: nor does a waiter that leaves with EINTR.
TEST_P(CondSignal, S26LeavingByEintrSwallowsNoSignal)
{
    constexpr int kRounds = 300;
    const CountingHandler handler{SIGUSR1};
    for (int round = 0; round < kRounds; ++round) {
        int interrupted_result = -1;
        const thread_t interrupted = start([&] {
            mutex_lock(&mutex_);
            interrupted_result = cond_wait(&cond_, &mutex_);
            mutex_unlock(&mutex_);
        });
        ASSERT_TRUE(sleeps_on(interrupted, &cond_));
        const thread_t patient = start_waiter(round);
        const thread_t killer = start([&] { thr_kill(interrupted, SIGUSR1); });
        cond_signal(&cond_);
        join(killer);
        join(interrupted);
        if (interrupted_result == 0) {
            cond_signal(&cond_);
        } else {
            ASSERT_EQ(interrupted_result, EINTR);
        }
        ASSERT_TRUE(bounded::until([&] { return !is_alive(patient); })) << "round " << round;
        join(patient);
    }
}

// COND-29: the waiter of the highest priority is signalled first.
TEST_P(CondSignal, S29WakesByPriority)
{
    std::vector<thread_t> waiters;
    for (const int priority : {20, 60, 40, 100, 5}) {
        const thread_t id = start([this, priority] {
            EXPECT_EQ(thr_setprio(thr_self(), priority), 0);
            mutex_lock(&mutex_);
            EXPECT_EQ(cond_wait(&cond_, &mutex_), 0);
            mutex_unlock(&mutex_);
            order_.note(priority);
        });
        ASSERT_TRUE(sleeps_on(id, &cond_));
        waiters.push_back(id);
    }
    for (std::size_t woken = 1; woken <= waiters.size(); ++woken) {
        cond_signal(&cond_);
        ASSERT_TRUE(order_.reaches(woken));
    }
    for (const thread_t id : waiters) {
        join(id);
    }
    EXPECT_EQ(order_.seen(), (std::vector<int>{100, 60, 40, 20, 5}));
}

}  // namespace
}  // namespace conformance
