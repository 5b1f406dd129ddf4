// Two-level behaviour: which thread the one LWP of the pool runs.
#include <synch.h>
#include <thread.h>

#include "conformance/runner/needs.h"
#include "two_level_support.h"

namespace conformance {
namespace {

const PoolOfOne kPoolOfPriority{"TwoLevelPriority"};

class TwoLevelPriority : public ThreadTest {
  protected:
    void SetUp() override { thr_getprio(thr_self(), &before_); }
    void TearDown() override
    {
        thr_setprio(thr_self(), before_);
        ThreadTest::TearDown();
    }

    // Makes threads of the priorities given that note them when they run; none runs before the
    // caller lets it, since the caller outranks them all.
    std::vector<thread_t> start_ready(std::initializer_list<int> priorities)
    {
        EXPECT_EQ(thr_setprio(thr_self(), kMaximum), 0);
        std::vector<thread_t> threads;
        for (const int priority : priorities) {
            const thread_t id = start([this, priority] { order_.note(priority); });
            EXPECT_EQ(thr_setprio(id, priority), 0);
            threads.push_back(id);
        }
        return threads;
    }

    static constexpr int kMaximum = 127;
    int before_ = 0;
    Order order_;
};
INSTANTIATE_TEST_SUITE_P(, TwoLevelPriority, testing::Values(0L), binding_name);

// MN-17: a thread that becomes ready with a higher priority runs before its waker goes on.
TEST_P(TwoLevelPriority, S17HigherPriorityPreemptsTheRunningThread)
{
    LT_NEEDS_A_POOL_OF_ONE();
    sema_t sema = DEFAULTSEMA;
    ASSERT_EQ(thr_setprio(thr_self(), kLow), 0);
    const thread_t high = start([&] {
        thr_setprio(thr_self(), kHigh);
        EXPECT_EQ(sema_wait(&sema), 0);
        order_.note(kHigh);
    });
    ASSERT_TRUE(sleeps_on(high, &sema));
    EXPECT_EQ(sema_post(&sema), 0);
    order_.note(kLow);
    join(high);
    EXPECT_EQ(order_.seen(), (std::vector<int>{kHigh, kLow}));
}

// MN-17: one with a lower priority does not.
TEST_P(TwoLevelPriority, S17LowerPriorityDoesNotPreempt)
{
    LT_NEEDS_A_POOL_OF_ONE();
    sema_t sema = DEFAULTSEMA;
    ASSERT_EQ(thr_setprio(thr_self(), kHigh), 0);
    const thread_t low = start([&] {
        EXPECT_EQ(sema_wait(&sema), 0);
        order_.note(kLow);
    });
    // Waits without the processor, so that the other gets as far as its wait.
    EXPECT_EQ(thr_setprio(low, kHigh), 0);
    ASSERT_TRUE(sleeps_on(low, &sema));
    EXPECT_EQ(thr_setprio(low, kLow), 0);
    EXPECT_EQ(sema_post(&sema), 0);
    order_.note(kHigh);
    join(low);
    EXPECT_EQ(order_.seen(), (std::vector<int>{kHigh, kLow}));
}

// MN-18: of the ready threads the one of the highest priority runs first.
TEST_P(TwoLevelPriority, S18HighestPriorityRunsFirst)
{
    LT_NEEDS_A_POOL_OF_ONE();
    const auto threads = start_ready({kMiddle, kLow, kHigh, 70, 0, 20});
    EXPECT_EQ(order_.size(), 0U);
    for (const thread_t id : threads) {
        join(id);
    }
    EXPECT_EQ(order_.seen(), (std::vector<int>{70, kHigh, kMiddle, 20, kLow, 0}));
}

// MN-19: raising the priority of a ready thread moves it to the front.
TEST_P(TwoLevelPriority, S19RaisedReadyThreadRunsFirst)
{
    LT_NEEDS_A_POOL_OF_ONE();
    const auto threads = start_ready({kLow, kMiddle, kHigh});
    EXPECT_EQ(thr_setprio(threads[0], 100), 0);
    for (const thread_t id : threads) {
        join(id);
    }
    EXPECT_EQ(order_.seen(), (std::vector<int>{kLow, kHigh, kMiddle}));
}

// MN-19: so it does among those of the common priority, and the running thread gives way to it.
TEST_P(TwoLevelPriority, S19RaisedOneOfManyRunsFirst)
{
    LT_NEEDS_A_POOL_OF_ONE();
    std::vector<thread_t> threads;
    for (int i = 0; i < 5; ++i) {
        threads.push_back(start([this, i] { order_.note(i); }));
    }
    EXPECT_EQ(thr_setprio(threads[3], kHigh), 0);
    order_.note(100);
    for (const thread_t id : threads) {
        join(id);
    }
    // Of equals no order is promised: those that had waited when the clock LWP looked may come
    // last.
    EXPECT_EQ(order_.seen().front(), 3);
    EXPECT_EQ(order_.size(), 6U);
}

// MN-20: a running thread that lowers its priority below a ready one's lets that run.
TEST_P(TwoLevelPriority, S20LoweringOnesPriorityYields)
{
    LT_NEEDS_A_POOL_OF_ONE();
    const auto threads = start_ready({kMiddle});
    EXPECT_EQ(order_.size(), 0U);
    EXPECT_EQ(thr_setprio(thr_self(), kLow), 0);
    order_.note(kLow);
    join(threads[0]);
    EXPECT_EQ(order_.seen(), (std::vector<int>{kMiddle, kLow}));
}

}  // namespace
}  // namespace conformance
