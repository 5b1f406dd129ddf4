// mutex_lock(3C) on mutexes with a priority protocol.
#include <sched.h>
#include <unistd.h>

#include "conformance/runner/needs.h"
#include "sync_support.h"
#include "two_level_support.h"

namespace conformance {
namespace {

class MutexLockProtocol : public ThreadTest {
  protected:
    void SetUp() override
    {
        thr_getprio(thr_self(), &before_);
        ASSERT_EQ(mutex_init(&mutex_, LOCK_PRIO_INHERIT, nullptr), 0);
    }
    void TearDown() override
    {
        thr_setprio(thr_self(), before_);
        ThreadTest::TearDown();
    }

    int before_ = 0;
    mutex_t mutex_{};
    Order order_;
};
INSTANTIATE_TEST_SUITE_P(, MutexLockProtocol, bindings(), binding_name);

// MUTEX-PI-01: an inheriting mutex excludes, whatever the priorities; with a condition too.
TEST_P(MutexLockProtocol, S01Excludes)
{
    constexpr int kThreads = 6;
    constexpr int kRounds = 300;
    cond_t cond = DEFAULTCV;
    long total = 0;
    int arrived = 0;
    std::vector<thread_t> threads;
    for (int i = 0; i < kThreads; ++i) {
        threads.push_back(start([&, i] {
            EXPECT_EQ(thr_setprio(thr_self(), i * 20), 0);
            EXPECT_EQ(mutex_lock(&mutex_), 0);
            ++arrived;
            EXPECT_EQ(cond_broadcast(&cond), 0);
            while (arrived < kThreads) {
                EXPECT_EQ(cond_wait(&cond, &mutex_), 0);
            }
            EXPECT_EQ(mutex_unlock(&mutex_), 0);
            for (int round = 0; round < kRounds; ++round) {
                EXPECT_EQ(mutex_lock(&mutex_), 0);
                const long seen = total;
                if (round % 16 == 0) {
                    thr_yield();
                }
                total = seen + 1;
                EXPECT_EQ(mutex_unlock(&mutex_), 0);
            }
        }));
    }
    for (const thread_t id : threads) {
        join(id);
    }
    EXPECT_EQ(total, kThreads * kRounds);
}

// MUTEX-PI-05: what thr_getprio shows is the thread's own, while it inherits and afterwards.
// MUTEX-PI-06: the owner who tries gets EBUSY.
TEST_P(MutexLockProtocol, S05KeepsItsOwnPriority)
{
    ASSERT_EQ(thr_setprio(thr_self(), kLow), 0);
    ASSERT_EQ(mutex_lock(&mutex_), 0);
    EXPECT_TRUE(mutex_held(&mutex_));
    EXPECT_EQ(mutex_trylock(&mutex_), EBUSY);
    const thread_t waiter = start([&] {
        EXPECT_EQ(thr_setprio(thr_self(), kHigh), 0);
        EXPECT_EQ(mutex_trylock(&mutex_), EBUSY);
        EXPECT_EQ(mutex_unlock(&mutex_), EPERM);
        EXPECT_EQ(mutex_lock(&mutex_), 0);
        EXPECT_EQ(mutex_unlock(&mutex_), 0);
    });
    ASSERT_TRUE(sleeps_on(waiter, &mutex_));
    int priority = 0;
    EXPECT_EQ(thr_getprio(thr_self(), &priority), 0);
    EXPECT_EQ(priority, kLow);
    EXPECT_EQ(mutex_unlock(&mutex_), 0);
    join(waiter);
    EXPECT_EQ(thr_getprio(thr_self(), &priority), 0);
    EXPECT_EQ(priority, kLow);
}

// MUTEX-PI-02: who inherits sleeps in front of those it now outranks.
TEST_P(MutexLockProtocol, S02InheritsWhileItSleeps)
{
    sema_t sema = DEFAULTSEMA;
    const auto sleeper = [&](int priority, bool owns) {
        const thread_t id = start([&, priority, owns] {
            EXPECT_EQ(thr_setprio(thr_self(), priority), 0);
            if (owns) {
                EXPECT_EQ(mutex_lock(&mutex_), 0);
            }
            EXPECT_EQ(sema_wait(&sema), 0);
            order_.note(priority);
            if (owns) {
                EXPECT_EQ(mutex_unlock(&mutex_), 0);
            }
        });
        EXPECT_TRUE(sleeps_on(id, &sema));
        return id;
    };
    const thread_t low = sleeper(kLow, true);
    const thread_t middle = sleeper(kMiddle, false);
    const thread_t high = start([&] {
        EXPECT_EQ(thr_setprio(thr_self(), kHigh), 0);
        EXPECT_EQ(mutex_lock(&mutex_), 0);
        EXPECT_EQ(mutex_unlock(&mutex_), 0);
    });
    ASSERT_TRUE(sleeps_on(high, &mutex_));
    EXPECT_EQ(sema_post(&sema), 0);
    ASSERT_TRUE(order_.reaches(1));
    EXPECT_EQ(sema_post(&sema), 0);
    for (const thread_t id : {low, middle, high}) {
        join(id);
    }
    EXPECT_EQ(order_.seen(), (std::vector<int>{kLow, kMiddle}));
}

// MUTEX-PI-02: through a chain of owners, and for a priority that rises while the thread waits.
TEST_P(MutexLockProtocol, S02InheritsThroughAChain)
{
    mutex_t second{};
    ASSERT_EQ(mutex_init(&second, LOCK_PRIO_INHERIT, nullptr), 0);
    sema_t sema = DEFAULTSEMA;
    const thread_t low = start([&] {
        EXPECT_EQ(thr_setprio(thr_self(), kLow), 0);
        EXPECT_EQ(mutex_lock(&mutex_), 0);
        EXPECT_EQ(sema_wait(&sema), 0);
        order_.note(kLow);
        EXPECT_EQ(mutex_unlock(&mutex_), 0);
    });
    ASSERT_TRUE(sleeps_on(low, &sema));
    const thread_t middle = start([&] {
        EXPECT_EQ(thr_setprio(thr_self(), kMiddle), 0);
        EXPECT_EQ(sema_wait(&sema), 0);
        order_.note(kMiddle);
    });
    ASSERT_TRUE(sleeps_on(middle, &sema));
    const thread_t link = start([&] {
        EXPECT_EQ(thr_setprio(thr_self(), kLow), 0);
        EXPECT_EQ(mutex_lock(&second), 0);
        EXPECT_EQ(mutex_lock(&mutex_), 0);
        EXPECT_EQ(mutex_unlock(&mutex_), 0);
        EXPECT_EQ(mutex_unlock(&second), 0);
    });
    ASSERT_TRUE(sleeps_on(link, &mutex_));
    const thread_t last = start([&] {
        EXPECT_EQ(thr_setprio(thr_self(), kLow), 0);
        EXPECT_EQ(mutex_lock(&second), 0);
        EXPECT_EQ(mutex_unlock(&second), 0);
    });
    ASSERT_TRUE(sleeps_on(last, &second));
    EXPECT_EQ(thr_setprio(last, kHigh), 0);
    EXPECT_EQ(sema_post(&sema), 0);
    ASSERT_TRUE(order_.reaches(1));
    EXPECT_EQ(sema_post(&sema), 0);
    for (const thread_t id : {low, middle, link, last}) {
        join(id);
    }
    EXPECT_EQ(order_.seen(), (std::vector<int>{kLow, kMiddle}));
}

// MUTEX-PI-03: a thread that is not real-time cannot take a mutex with a ceiling: EPERM.
TEST_P(MutexLockProtocol, S03CeilingIsForRealtimeThreads)
{
    mutex_t mutex{};
    int ceiling = 20;
    ASSERT_EQ(mutex_init(&mutex, LOCK_PRIO_PROTECT, &ceiling), 0);
    join(start([&] {
        EXPECT_EQ(mutex_lock(&mutex), EPERM);
        EXPECT_EQ(mutex_trylock(&mutex), EPERM);
        EXPECT_FALSE(mutex_held(&mutex));
        EXPECT_EQ(mutex_unlock(&mutex), EPERM);
    }));
}

const PoolOfOne kPoolOfProtocol{"MutexLockProtocolPool"};
class MutexLockProtocolPool : public MutexLockProtocol {};
INSTANTIATE_TEST_SUITE_P(, MutexLockProtocolPool, testing::Values(0L), binding_name);

// MUTEX-PI-02: a low owner runs before a middle one while a high one waits for it.
TEST_P(MutexLockProtocolPool, S02OwnerRunsAtTheWaitersPriority)
{
    LT_NEEDS_A_POOL_OF_ONE();
    ASSERT_EQ(thr_setprio(thr_self(), kLow), 0);
    ASSERT_EQ(mutex_lock(&mutex_), 0);
    const thread_t high = start([&] {
        EXPECT_EQ(mutex_lock(&mutex_), 0);
        order_.note(kHigh);
        EXPECT_EQ(mutex_unlock(&mutex_), 0);
    });
    EXPECT_EQ(thr_setprio(high, kHigh), 0);
    ASSERT_TRUE(sleeps_on(high, &mutex_));
    const thread_t middle = start([&] { order_.note(kMiddle); });
    EXPECT_EQ(thr_setprio(middle, kMiddle), 0);
    order_.note(kLow);
    EXPECT_EQ(mutex_unlock(&mutex_), 0);
    join(high);
    join(middle);
    EXPECT_EQ(order_.seen(), (std::vector<int>{kLow, kHigh, kMiddle}));
}

// The real-time part, on bound threads; where the system does not allow it, it is skipped.
class MutexLockRealtime : public MutexLockProtocol {
  protected:
    static bool become_realtime(int priority)
    {
        sched_param param{};
        param.sched_priority = priority;
        return sched_setscheduler(0, SCHED_FIFO, &param) == 0;
    }
    static int realtime_priority(pid_t task)
    {
        sched_param param{};
        const int policy = sched_getscheduler(task);
        sched_getparam(task, &param);
        return policy == SCHED_FIFO ? param.sched_priority : 0;
    }
    // Whether the system lets a thread be one of real time.
    bool is_allowed()
    {
        bool allowed = false;
        join(start([&] { allowed = become_realtime(40); }));
        return allowed;
    }
};
INSTANTIATE_TEST_SUITE_P(, MutexLockRealtime, testing::Values(long{THR_BOUND}), binding_name);

// MUTEX-PI-02: a bound owner gets the waiter's priority in the kernel.
// MUTEX-PI-05: and loses it with the mutex.
TEST_P(MutexLockRealtime, S02LendsItsPriorityInTheKernel)
{
    if (!is_allowed()) {
        GTEST_SKIP() << "real-time priorities are not permitted here";
    }
    std::atomic<pid_t> task{0};
    latch::Gate leave;
    std::atomic<int> after{-1};
    const thread_t owner = start([&] {
        EXPECT_EQ(mutex_lock(&mutex_), 0);
        task = platform::own_lwp();
        leave.wait();
        EXPECT_EQ(mutex_unlock(&mutex_), 0);
        after = realtime_priority(0);
    });
    ASSERT_TRUE(bounded::until([&] { return task != 0; }));
    const thread_t waiter = start([&] {
        EXPECT_TRUE(become_realtime(15));
        EXPECT_EQ(mutex_lock(&mutex_), 0);
        EXPECT_EQ(realtime_priority(0), 15);
        EXPECT_EQ(mutex_unlock(&mutex_), 0);
    });
    ASSERT_TRUE(sleeps_on(waiter, &mutex_));
    EXPECT_EQ(realtime_priority(task), 15);
    leave.open();
    join(owner);
    join(waiter);
    EXPECT_EQ(after, 0);
}

// MUTEX-PI-04: a caller above the ceiling gets EINVAL.
// MUTEX-PI-05: one below runs at the ceiling while it holds the mutex, and as before afterwards.
TEST_P(MutexLockRealtime, S04Ceiling)
{
    if (!is_allowed()) {
        GTEST_SKIP() << "real-time priorities are not permitted here";
    }
    for (const int scope : {USYNC_THREAD, USYNC_PROCESS, USYNC_PROCESS | LOCK_ROBUST}) {
        mutex_t mutex{};
        int ceiling = 20;
        ASSERT_EQ(mutex_init(&mutex, scope | LOCK_PRIO_PROTECT, &ceiling), 0);
        join(start([&] {
            EXPECT_TRUE(become_realtime(21));
            EXPECT_EQ(mutex_lock(&mutex), EINVAL);
            EXPECT_TRUE(become_realtime(10));
            EXPECT_EQ(mutex_lock(&mutex), 0) << scope;
            EXPECT_EQ(realtime_priority(0), 20);
            EXPECT_EQ(mutex_unlock(&mutex), 0);
            EXPECT_EQ(realtime_priority(0), 10);
        }));
    }
}

}  // namespace
}  // namespace conformance
