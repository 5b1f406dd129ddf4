#include <atomic>
#include <memory>
#include <vector>

#include "cond_support.h"
#include "crew.h"
#include "sync/cond.h"
#include "sync/mutex.h"
#include "sync/sleep_queue.h"

namespace lt_test {
namespace {

TEST(CondInit, ChecksItsType)
{
    cond_t cond;
    EXPECT_EQ(cond_init(&cond, 2, nullptr), EINVAL);
    EXPECT_EQ(cond_init(&cond, LOCK_RECURSIVE, nullptr), EINVAL);
    EXPECT_EQ(cond_init(&cond, USYNC_PROCESS, nullptr), 0);
    EXPECT_EQ(cond_destroy(&cond), 0);
}

TEST(Cond, RefusesBadTimesWithTheMutexHeld)
{
    Pair pair;
    ASSERT_EQ(mutex_lock(&pair.mutex), 0);
    for (const timestruc_t bad : {timestruc_t{0, 1'000'000'000}, timestruc_t{0, -1}}) {
        EXPECT_EQ(cond_timedwait(&pair.cond, &pair.mutex, &bad), EINVAL);
        EXPECT_EQ(cond_reltimedwait(&pair.cond, &pair.mutex, &bad), EINVAL);
    }
    const timestruc_t negative{-1, 0};
    EXPECT_EQ(cond_reltimedwait(&pair.cond, &pair.mutex, &negative), EINVAL);
    EXPECT_EQ(cond_timedwait(&pair.cond, &pair.mutex, &negative), ETIME);
    const timestruc_t zero{0, 0};
    EXPECT_EQ(cond_reltimedwait(&pair.cond, &pair.mutex, &zero), ETIME);
    EXPECT_NE(mutex_held(&pair.mutex), 0);
}

TEST(Cond, RefusesAnErrorCheckingMutexOfAnother)
{
    Pair pair;
    pair.mutex = ERRORCHECKMUTEX;
    EXPECT_EQ(cond_wait(&pair.cond, &pair.mutex), EPERM);
}

TEST(Cond, RestoresTheDepthOfARecursiveMutex)
{
    Pair pair;
    pair.mutex = RECURSIVEMUTEX;
    bool signalled = false;
    for (int i = 0; i < 3; ++i) {
        ASSERT_EQ(mutex_lock(&pair.mutex), 0);
    }
    Crew crew;
    crew.start([&] {
        EXPECT_EQ(mutex_lock(&pair.mutex), 0);
        signalled = true;
        EXPECT_EQ(cond_signal(&pair.cond), 0);
        EXPECT_EQ(mutex_unlock(&pair.mutex), 0);
    });
    while (!signalled) {
        ASSERT_EQ(cond_wait(&pair.cond, &pair.mutex), 0);
    }
    crew.join();
    for (int i = 0; i < 3; ++i) {
        EXPECT_NE(mutex_held(&pair.mutex), 0);
        EXPECT_EQ(mutex_unlock(&pair.mutex), 0);
    }
    EXPECT_EQ(mutex_held(&pair.mutex), 0);
}

TEST(Cond, WakesOneAtATimeAndRemembersNoSignal)
{
    Pair pair;
    EXPECT_EQ(cond_signal(&pair.cond), 0);
    EXPECT_EQ(cond_broadcast(&pair.cond), 0);
    int waiting = 0;
    int woken = 0;
    Crew crew;
    for (int i = 0; i < 5; ++i) {
        crew.start([&] {
            mutex_lock(&pair.mutex);
            ++waiting;
            cond_wait(&pair.cond, &pair.mutex);
            ++woken;
            mutex_unlock(&pair.mutex);
        });
    }
    const auto is = [&](int& number, int value) {
        return [&, value] {
            mutex_lock(&pair.mutex);
            const bool equal = number == value;
            mutex_unlock(&pair.mutex);
            return equal;
        };
    };
    ASSERT_TRUE(bounded::until(is(waiting, 5)));
    for (int i = 1; i <= 5; ++i) {
        EXPECT_EQ(cond_signal(&pair.cond), 0);
        ASSERT_TRUE(bounded::until(is(woken, i)));
    }
}

// The queue of the condition and that of the mutex are the same one.
TEST(Cond, SharesAQueueWithItsMutex)
{
    const auto memory = std::make_unique<Gate>();
    std::vector<mutex_t> mutexes(1'000'000);  // enough for some fifteen of each queue
    mutex_t* mutex = nullptr;
    for (mutex_t& candidate : mutexes) {
        if (&lt::sleep_queue_of(&candidate) == &lt::sleep_queue_of(&memory->cond)) {
            mutex = &candidate;
            break;
        }
    }
    ASSERT_NE(mutex, nullptr);
    constexpr int kThreads = 8;
    constexpr int kRounds = 300;
    cond_t& cond = memory->cond;
    int arrived = 0;
    int round = 0;
    Crew crew;
    for (int t = 0; t < kThreads; ++t) {
        crew.start([&] {
            for (int i = 0; i < kRounds; ++i) {
                mutex_lock(mutex);
                const int mine = round;
                if (++arrived == kThreads) {
                    arrived = 0;
                    ++round;
                    cond_broadcast(&cond);
                }
                while (round == mine) {
                    cond_wait(&cond, mutex);
                }
                mutex_unlock(mutex);
            }
        });
    }
    crew.join();
    EXPECT_EQ(round, kRounds);
}

TEST(Cond, ABroadcastMovesWaitersToAHeldMutex)
{
    constexpr int kThreads = 6;
    Gate gate;
    Crew crew;
    for (int i = 0; i < kThreads; ++i) {
        crew.start([&] { gate.pass(); });
    }
    ASSERT_TRUE(bounded::until([&] { return gate.has_waiting(kThreads); }));
    ASSERT_EQ(mutex_lock(&gate.mutex), 0);
    // A waiter may still be between the mutex and its sleep; then it is told instead.
    ASSERT_TRUE(bounded::until([&] { return sleepers_on(&gate.cond) == kThreads; }));
    gate.open = true;
    EXPECT_EQ(cond_broadcast(&gate.cond), 0);
    EXPECT_EQ(sleepers_on(&gate.cond), 0);
    EXPECT_EQ(sleepers_on(&gate.mutex), kThreads);
    EXPECT_EQ(mutex_unlock(&gate.mutex), 0);
    crew.join();
    EXPECT_EQ(gate.through, kThreads);
}

TEST(Cond, MayVanishOnceEverybodyIsBack)
{
    constexpr int kRounds = 2000;
    for (bounded::Rounds rounds{kRounds}; rounds.next();) {
        auto* gate = OnItsOwnPage<Gate>::make();
        ASSERT_NE(gate, nullptr);
        Crew crew;
        crew.start([=] {
            mutex_lock(&gate->mutex);
            gate->open = true;
            cond_signal(&gate->cond);
            // The page may be gone as soon as the waiter has the mutex.
            mutex_unlock(&gate->mutex);
        });
        mutex_lock(&gate->mutex);
        while (!gate->open) {
            const timestruc_t span{0, 50'000};
            const int result = cond_reltimedwait(&gate->cond, &gate->mutex, &span);
            ASSERT_TRUE(result == 0 || result == ETIME);
        }
        mutex_unlock(&gate->mutex);
        cond_destroy(&gate->cond);
        mutex_destroy(&gate->mutex);
        OnItsOwnPage<Gate>::drop(gate);
    }
}

}  // namespace
}  // namespace lt_test
