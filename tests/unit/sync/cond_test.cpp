#include "sync/cond.h"

#include <atomic>
#include <memory>
#include <vector>

#include "crew.h"
#include "sync/mutex.h"
#include "sync/sleep_queue.h"

namespace lt_test {
namespace {

timestruc_t wall_clock_in(milliseconds time)
{
    timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    const long long ns = now.tv_nsec + time.count() * 1'000'000;
    return {now.tv_sec + ns / 1'000'000'000, ns % 1'000'000'000};
}

struct Pair {
    mutex_t mutex{};
    cond_t cond{};
};

// Threads that wait until a flag is up, and the count of those inside cond_wait: a waiter counts
// itself before it gives up the mutex, so who holds the mutex knows it queued.
struct Gate : Pair {
    int waiting = 0;
    int through = 0;
    bool open = false;

    void pass()
    {
        EXPECT_EQ(mutex_lock(&mutex), 0);
        ++waiting;
        while (!open) {
            EXPECT_EQ(cond_wait(&cond, &mutex), 0);
        }
        --waiting;
        ++through;
        EXPECT_EQ(mutex_unlock(&mutex), 0);
    }

    bool has_waiting(int count)
    {
        mutex_lock(&mutex);
        const bool enough = waiting == count;
        mutex_unlock(&mutex);
        return enough;
    }
};

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
    Crew crew;
    crew.start([&] {
        mutex_lock(&pair.mutex);
        while (patient < kRounds) {
            patient_waits = true;
            cond_wait(&pair.cond, &pair.mutex);
            patient_waits = false;
            ++patient;
            while (round < patient && patient < kRounds) {
                mutex_unlock(&pair.mutex);
                thr_yield();
                mutex_lock(&pair.mutex);
            }
        }
        mutex_unlock(&pair.mutex);
    });
    for (int i = 1; i <= kRounds; ++i) {
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
}

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
    std::vector<mutex_t> mutexes(100'000);
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
    const auto sleeping_on = [](const void* object) {
        const lt::CriticalRegion region{lt::current()};
        lt::SleepQueue& queue = lt::sleep_queue_of(object);
        const lt::SpinGuard guard{queue.lock};
        int count = 0;
        lt::Thread* first = lt::peek_first(queue, object);
        for (lt::Thread* t = first; t != nullptr; t = lt::sleeper_after(*t, *first)) {
            // relaxed: a test's look under the lock.
            count += t->state.load(std::memory_order_relaxed) == lt::ThreadState::kSleeping ? 1 : 0;
        }
        return count;
    };
    ASSERT_TRUE(bounded::until([&] { return sleeping_on(&gate.cond) == kThreads; }));
    gate.open = true;
    EXPECT_EQ(cond_broadcast(&gate.cond), 0);
    EXPECT_EQ(sleeping_on(&gate.cond), 0);
    EXPECT_EQ(sleeping_on(&gate.mutex), kThreads);
    EXPECT_EQ(mutex_unlock(&gate.mutex), 0);
    crew.join();
    EXPECT_EQ(gate.through, kThreads);
}

TEST(Cond, MayVanishOnceEverybodyIsBack)
{
    constexpr int kRounds = 2000;
    for (int i = 0; i < kRounds; ++i) {
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
