// thr_setprio(3C): priorities decide who is woken first.
#include <thread.h>

#include <functional>

#include "sync_support.h"

namespace conformance {
namespace {

// Three threads wait for one object: low, high, middle come in this order.
class ThrSetprioOrder : public ThreadTest {
  protected:
    // Starts a thread that takes the object, notes `mark` and gives it back; returns once it
    // sleeps.
    thread_t wait_with(int priority, int mark, const void* object, std::function<void()> take,
                       std::function<void()> give)
    {
        const thread_t id = start([=, this] {
            EXPECT_EQ(thr_setprio(thr_self(), priority), 0);
            take();
            order_.note(mark);
            give();
        });
        EXPECT_TRUE(sleeps_on(id, object));
        waiters_.push_back(id);
        return id;
    }

    void wait_with_three(
        const void* object, const std::function<void()>& take,
        const std::function<void()>& give = [] {})
    {
        for (const int priority : {kLow, kHigh, kMiddle}) {
            wait_with(priority, priority, object, take, give);
        }
    }

    void join_all()
    {
        for (const thread_t id : waiters_) {
            join(id);
        }
    }

    // Calls `wake` once for each, when the one before has noted itself.
    void wake_each(const std::function<void()>& wake)
    {
        for (std::size_t i = 1; i <= waiters_.size(); ++i) {
            wake();
            ASSERT_TRUE(order_.reaches(i));
        }
        join_all();
    }

    void take_mutex() { EXPECT_EQ(mutex_lock(&mutex_), 0); }
    void give_mutex() { EXPECT_EQ(mutex_unlock(&mutex_), 0); }

    mutex_t mutex_{};
    std::vector<thread_t> waiters_;
    Order order_;
    const std::vector<int> by_priority_{kHigh, kMiddle, kLow};
};

INSTANTIATE_TEST_SUITE_P(Threads, ThrSetprioOrder, bindings(), binding_name);

// THR-PRIO-10: of the waiters for a mutex the one of the highest priority gets it first.
TEST_P(ThrSetprioOrder, S10MutexGoesToTheHighestFirst)
{
    take_mutex();
    wait_with_three(
        &mutex_, [this] { take_mutex(); }, [this] { give_mutex(); });
    give_mutex();
    join_all();
    EXPECT_EQ(order_.seen(), by_priority_);
}

// THR-PRIO-11: cond_signal wakes the waiter of the highest priority.
TEST_P(ThrSetprioOrder, S11CondSignalWakesTheHighestFirst)
{
    cond_t cond = DEFAULTCV;
    int signals = 0;
    wait_with_three(&cond, [&] {
        take_mutex();
        while (signals == 0) {
            EXPECT_EQ(cond_wait(&cond, &mutex_), 0);
        }
        --signals;
        give_mutex();
    });
    wake_each([&] {
        take_mutex();
        ++signals;
        EXPECT_EQ(cond_signal(&cond), 0);
        give_mutex();
    });
    EXPECT_EQ(order_.seen(), by_priority_);
}

// THR-PRIO-12: sema_post likewise.
TEST_P(ThrSetprioOrder, S12SemaPostWakesTheHighestFirst)
{
    sema_t sema = DEFAULTSEMA;
    wait_with_three(&sema, [&] { EXPECT_EQ(sema_wait(&sema), 0); });
    wake_each([&] { EXPECT_EQ(sema_post(&sema), 0); });
    EXPECT_EQ(order_.seen(), by_priority_);
}

// THR-PRIO-13: a readers/writer lock goes to the highest first, writers and readers alike.
TEST_P(ThrSetprioOrder, S13RwlockGoesToTheHighestFirst)
{
    rwlock_t lock = DEFAULTRWLOCK;
    const auto give = [&] { EXPECT_EQ(rw_unlock(&lock), 0); };
    const auto write = [&] { EXPECT_EQ(rw_wrlock(&lock), 0); };
    ASSERT_EQ(rw_wrlock(&lock), 0);
    wait_with_three(&lock, write, give);
    // A reader between two writers.
    wait_with(
        kMiddle + 1, kMiddle + 1, &lock, [&] { EXPECT_EQ(rw_rdlock(&lock), 0); }, give);
    give();
    join_all();
    EXPECT_EQ(order_.seen(), (std::vector<int>{kHigh, kMiddle + 1, kMiddle, kLow}));
}

// THR-PRIO-14: a priority that another thread gives to a running one orders its next wait.
TEST_P(ThrSetprioOrder, S14PriorityOfARunningThreadOrdersItsNextWait)
{
    take_mutex();
    std::atomic<bool> running{false};
    std::atomic<bool> raised{false};
    const thread_t runner = start([&] {
        EXPECT_EQ(thr_setprio(thr_self(), kLow), 0);
        running = true;
        while (!raised) {
            thr_yield();
        }
        take_mutex();
        order_.note(kHigh);
        give_mutex();
    });
    waiters_.push_back(runner);
    ASSERT_TRUE(bounded::until([&] { return running.load(); }));
    wait_with(
        kMiddle, kMiddle, &mutex_, [this] { take_mutex(); }, [this] { give_mutex(); });
    EXPECT_EQ(thr_setprio(runner, kHigh), 0);
    raised = true;
    ASSERT_TRUE(sleeps_on(runner, &mutex_));
    give_mutex();
    join_all();
    EXPECT_EQ(order_.seen(), (std::vector<int>{kHigh, kMiddle}));
}

// THR-PRIO-14: one given to a thread asleep moves it among those who wait with it.
TEST_P(ThrSetprioOrder, S14SleepersChangePlaces)
{
    sema_t sema = DEFAULTSEMA;
    wait_with_three(&sema, [&] { EXPECT_EQ(sema_wait(&sema), 0); });
    EXPECT_EQ(thr_setprio(waiters_[0], 100), 0);
    EXPECT_EQ(thr_setprio(waiters_[1], 0), 0);
    wake_each([&] { EXPECT_EQ(sema_post(&sema), 0); });
    EXPECT_EQ(order_.seen(), (std::vector<int>{kLow, kMiddle, kHigh}));
}

// THR-PRIO-14: so it does for a writer that readers had to wait behind.
TEST_P(ThrSetprioOrder, S14ChangesPlacesOnARwlock)
{
    rwlock_t lock = DEFAULTRWLOCK;
    const auto give = [&] { EXPECT_EQ(rw_unlock(&lock), 0); };
    ASSERT_EQ(rw_wrlock(&lock), 0);
    const thread_t writer = wait_with(
        kHigh, kHigh, &lock, [&] { EXPECT_EQ(rw_wrlock(&lock), 0); }, give);
    wait_with(
        kMiddle, kMiddle, &lock, [&] { EXPECT_EQ(rw_rdlock(&lock), 0); }, give);
    EXPECT_EQ(thr_setprio(writer, kLow), 0);
    give();
    join_all();
    EXPECT_EQ(order_.seen(), (std::vector<int>{kMiddle, kHigh}));
}

}  // namespace
}  // namespace conformance
