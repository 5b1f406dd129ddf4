#include "sync/cond.h"

#include <atomic>
#include <memory>
#include <vector>

#include "cond_support.h"
#include "crew.h"
#include "sync/mutex.h"
#include "sync/sleep_queue.h"

namespace lt_test {
namespace {

class CondOfType : public testing::TestWithParam<std::pair<int, int>> {
  protected:
    void initialise(Pair& pair)
    {
        ASSERT_EQ(cond_init(&pair.cond, GetParam().first, nullptr), 0);
        ASSERT_EQ(mutex_init(&pair.mutex, GetParam().second, nullptr), 0);
    }
};

INSTANTIATE_TEST_SUITE_P(Scopes, CondOfType,
                         testing::Values(std::pair{USYNC_THREAD, USYNC_THREAD},
                                         std::pair{USYNC_THREAD, LOCK_ERRORCHECK},
                                         std::pair{USYNC_THREAD, LOCK_RECURSIVE},
                                         std::pair{USYNC_THREAD, USYNC_PROCESS},
                                         std::pair{USYNC_PROCESS, USYNC_PROCESS},
                                         std::pair{USYNC_PROCESS, USYNC_THREAD}));

TEST_P(CondOfType, BroadcastWithTheMutexHeldWakesAll)
{
    constexpr int kThreads = 12;
    Gate gate;
    initialise(gate);
    Crew crew;
    for (int i = 0; i < kThreads; ++i) {
        crew.start([&] { gate.pass(); });
    }
    ASSERT_TRUE(bounded::until([&] { return gate.has_waiting(kThreads); }));
    ASSERT_EQ(mutex_lock(&gate.mutex), 0);
    gate.open = true;
    EXPECT_EQ(cond_broadcast(&gate.cond), 0);
    thr_yield();
    EXPECT_EQ(gate.through, 0);  // we hold the mutex
    EXPECT_EQ(mutex_unlock(&gate.mutex), 0);
    crew.join();
    EXPECT_EQ(gate.through, kThreads);
}

TEST_P(CondOfType, BroadcastWithTheMutexFreeWakesAll)
{
    constexpr int kThreads = 12;
    for (int round = 0; round < 20; ++round) {
        Gate gate;
        initialise(gate);
        Crew crew;
        for (int i = 0; i < kThreads; ++i) {
            crew.start([&] { gate.pass(); });
        }
        ASSERT_TRUE(bounded::until([&] { return gate.has_waiting(kThreads); }));
        mutex_lock(&gate.mutex);
        gate.open = true;
        mutex_unlock(&gate.mutex);
        EXPECT_EQ(cond_broadcast(&gate.cond), 0);
        crew.join();
        EXPECT_EQ(gate.through, kThreads);
    }
}

TEST_P(CondOfType, CarriesEveryItemOfABoundedBuffer)
{
    constexpr int kItems = 20000;
    Pair pair;
    cond_t room;
    initialise(pair);
    ASSERT_EQ(cond_init(&room, GetParam().first, nullptr), 0);
    int stored = 0;
    long consumed = 0;
    long produced = 0;
    Crew crew;
    for (int t = 0; t < 3; ++t) {
        crew.start([&] {
            for (;;) {
                mutex_lock(&pair.mutex);
                while (stored == 0 && consumed < kItems) {
                    cond_wait(&pair.cond, &pair.mutex);
                }
                if (consumed == kItems) {
                    mutex_unlock(&pair.mutex);
                    return;
                }
                --stored;
                if (++consumed == kItems) {
                    cond_broadcast(&pair.cond);
                }
                mutex_unlock(&pair.mutex);
                cond_signal(&room);
            }
        });
    }
    for (int t = 0; t < 2; ++t) {
        crew.start([&] {
            for (;;) {
                mutex_lock(&pair.mutex);
                while (stored == 4 && produced < kItems) {
                    cond_wait(&room, &pair.mutex);
                }
                if (produced == kItems) {
                    mutex_unlock(&pair.mutex);
                    return;
                }
                ++stored;
                if (++produced == kItems) {
                    cond_broadcast(&room);
                }
                cond_signal(&pair.cond);
                mutex_unlock(&pair.mutex);
            }
        });
    }
    crew.join();
    EXPECT_EQ(consumed, kItems);
    EXPECT_EQ(stored, 0);
}

TEST_P(CondOfType, TimesOutWithTheMutexHeld)
{
    Pair pair;
    initialise(pair);
    ASSERT_EQ(mutex_lock(&pair.mutex), 0);
    const timestruc_t span{0, 50'000'000};
    auto before = steady_clock::now();
    EXPECT_EQ(cond_reltimedwait(&pair.cond, &pair.mutex, &span), ETIME);
    EXPECT_GE(steady_clock::now() - before, milliseconds{50});
    EXPECT_EQ(span.tv_nsec, 50'000'000);
    EXPECT_NE(mutex_held(&pair.mutex), 0);
    const timestruc_t time = wall_clock_in(milliseconds{50});
    EXPECT_EQ(cond_timedwait(&pair.cond, &pair.mutex, &time), ETIME);
    timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    EXPECT_TRUE(now.tv_sec > time.tv_sec ||
                (now.tv_sec == time.tv_sec && now.tv_nsec >= time.tv_nsec));
    EXPECT_NE(mutex_held(&pair.mutex), 0);
    EXPECT_EQ(mutex_unlock(&pair.mutex), 0);
}

// One signal, two waiters, one of which is about to time out: if that one says ETIME, the other
// must have the signal.
TEST_P(CondOfType, ASignalIsNotLostToATimeout)
{
    constexpr int kRounds = 600;
    Pair pair;
    initialise(pair);
    int round = 0;
    int patient = 0;     // rounds in which the patient waiter was woken
    int timed_done = 0;  // rounds in which the hasty one has come back
    int hasty_result = 0;
    bool patient_waits = false;
    bool over = false;
    Crew crew;
    crew.start([&] {
        mutex_lock(&pair.mutex);
        while (!over) {
            patient_waits = true;
            cond_wait(&pair.cond, &pair.mutex);
            patient_waits = false;
            ++patient;
            while (round < patient && !over) {
                mutex_unlock(&pair.mutex);
                thr_yield();
                mutex_lock(&pair.mutex);
            }
        }
        mutex_unlock(&pair.mutex);
    });
    for (bounded::Rounds rounds{kRounds}; rounds.next();) {
        const int i = rounds.number() + 1;
        ASSERT_TRUE(bounded::until([&] {
            mutex_lock(&pair.mutex);
            const bool ready = patient_waits && patient == i - 1;
            mutex_unlock(&pair.mutex);
            return ready;
        }));
        Crew hasty;
        hasty.start([&, i] {
            mutex_lock(&pair.mutex);
            const timestruc_t span{0, 1000L * (i % 200)};
            hasty_result = cond_reltimedwait(&pair.cond, &pair.mutex, &span);
            timed_done = i;
            mutex_unlock(&pair.mutex);
        });
        const auto until = steady_clock::now() + std::chrono::microseconds{i % 300};
        while (steady_clock::now() < until) {
            thr_yield();
        }
        cond_signal(&pair.cond);
        hasty.join();
        mutex_lock(&pair.mutex);
        EXPECT_EQ(timed_done, i);
        const bool signal_went_to_hasty = hasty_result == 0;
        mutex_unlock(&pair.mutex);
        if (signal_went_to_hasty) {
            cond_signal(&pair.cond);
        }
        ASSERT_TRUE(bounded::until([&] {
            mutex_lock(&pair.mutex);
            const bool woken = patient >= i;
            round = woken ? i : round;
            mutex_unlock(&pair.mutex);
            return woken;
        })) << "round "
            << i << ": hasty " << hasty_result;
    }
    mutex_lock(&pair.mutex);
    over = true;
    mutex_unlock(&pair.mutex);
    cond_signal(&pair.cond);
}

}  // namespace
}  // namespace lt_test
