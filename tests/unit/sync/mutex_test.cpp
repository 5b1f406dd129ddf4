#include "sync/mutex.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <iterator>

#include "crew.h"

namespace lt_test {
namespace {

std::uint32_t word_of(mutex_t& mutex)
{
    return lt::words_of(&mutex).word.load();
}

bool someone_waits(mutex_t& mutex)
{
    return (word_of(mutex) & lt::kMutexWaiters) != 0;
}

class MutexOfType : public testing::TestWithParam<int> {};

INSTANTIATE_TEST_SUITE_P(Types, MutexOfType,
                         testing::Values(USYNC_THREAD, LOCK_ERRORCHECK, LOCK_RECURSIVE,
                                         LOCK_RECURSIVE | LOCK_ERRORCHECK, USYNC_PROCESS,
                                         USYNC_PROCESS | LOCK_ERRORCHECK,
                                         USYNC_PROCESS | LOCK_RECURSIVE));

TEST_P(MutexOfType, ExcludesAndLosesNobody)
{
    constexpr int kThreads = 8;
    constexpr int kRounds = 5000;
    mutex_t mutex;
    ASSERT_EQ(mutex_init(&mutex, GetParam(), nullptr), 0);
    long total = 0;
    std::atomic<long> rounds_done{0};
    std::atomic<int> inside{0};
    std::atomic<int> clashes{0};
    Crew crew;
    for (int t = 0; t < kThreads; ++t) {
        crew.start([&, t] {
            bounded::Rounds rounds{kRounds};
            for (; rounds.next(); ++rounds_done) {
                ASSERT_EQ(mutex_lock(&mutex), 0);
                clashes += inside.fetch_add(1) != 0 ? 1 : 0;
                total = total + 1;
                if (rounds.number() % 64 == t) {
                    thr_yield();
                }
                inside.fetch_sub(1);
                ASSERT_EQ(mutex_unlock(&mutex), 0);
            }
        });
    }
    crew.join();
    EXPECT_EQ(total, rounds_done);
    EXPECT_EQ(clashes.load(), 0);
    EXPECT_EQ(word_of(mutex) & lt::kMutexOwner, 0U);
}

TEST_P(MutexOfType, IsHeldByItsOwnerOnly)
{
    mutex_t mutex;
    ASSERT_EQ(mutex_init(&mutex, GetParam(), nullptr), 0);
    EXPECT_EQ(mutex_held(&mutex), 0);
    ASSERT_EQ(mutex_lock(&mutex), 0);
    EXPECT_NE(MUTEX_HELD(&mutex), 0);
    Crew crew;
    crew.start([&] {
        EXPECT_EQ(mutex_held(&mutex), 0);
        EXPECT_EQ(mutex_trylock(&mutex), EBUSY);
    });
    crew.join();
    EXPECT_EQ(mutex_unlock(&mutex), 0);
    EXPECT_EQ(mutex_held(&mutex), 0);
}

TEST_P(MutexOfType, MayVanishOnceUnlocked)
{
    constexpr int kRounds = 3000;
    std::atomic<mutex_t*> offered{nullptr};
    std::atomic<bool> over{false};
    Crew crew;
    // Waits for the mutex or finds it free, then makes it vanish while the first may still unlock.
    crew.start([&] {
        for (;;) {
            ASSERT_TRUE(bounded::until([&] { return over || offered.load() != nullptr; }));
            mutex_t* mutex = offered.load();
            if (mutex == nullptr) {
                return;
            }
            ASSERT_EQ(mutex_lock(mutex), 0);
            ASSERT_EQ(mutex_unlock(mutex), 0);
            ASSERT_EQ(mutex_destroy(mutex), 0);
            OnItsOwnPage<mutex_t>::drop(mutex);
            offered = nullptr;
        }
    });
    for (bounded::Rounds rounds{kRounds}; rounds.next();) {
        mutex_t* mutex = OnItsOwnPage<mutex_t>::make();
        ASSERT_NE(mutex, nullptr);
        ASSERT_EQ(mutex_init(mutex, GetParam(), nullptr), 0);
        ASSERT_EQ(mutex_lock(mutex), 0);
        offered = mutex;
        if (rounds.number() % 3 != 0) {
            thr_yield();
        }
        ASSERT_EQ(mutex_unlock(mutex), 0);
        ASSERT_TRUE(bounded::until([&] { return offered.load() == nullptr; }));
    }
    over = true;
}

TEST(MutexInit, ChecksItsType)
{
    mutex_t mutex{};
    int ceiling = 0;
    EXPECT_EQ(mutex_init(&mutex, 0x8000, nullptr), EINVAL);
    EXPECT_EQ(mutex_init(&mutex, LOCK_PRIO_INHERIT | LOCK_PRIO_PROTECT, nullptr), EINVAL);
    EXPECT_EQ(mutex_init(&mutex, LOCK_PRIO_PROTECT, &ceiling), EINVAL);
    ceiling = 1000;
    EXPECT_EQ(mutex_init(&mutex, LOCK_PRIO_PROTECT, &ceiling), EINVAL);
    EXPECT_EQ(mutex_init(&mutex, USYNC_PROCESS_ROBUST, nullptr), 0);
    EXPECT_EQ(mutex_init(&mutex, USYNC_PROCESS | LOCK_ROBUST, nullptr), EINVAL);
}

TEST(MutexInit, RefusesAnOddAddressButInitialises)
{
    alignas(8) unsigned char memory[sizeof(mutex_t) + 8];
    std::memset(memory, 0xff, sizeof(memory));
    auto* mutex = reinterpret_cast<mutex_t*>(memory + 4);
    EXPECT_EQ(mutex_init(mutex, USYNC_THREAD, nullptr), EINVAL);
    EXPECT_EQ(memory[4 + 12], 0);
}

TEST(Mutex, StaticFormsBehaveAsTheirTypes)
{
    static mutex_t plain = DEFAULTMUTEX;
    static mutex_t zero;
    static mutex_t recursive = RECURSIVEMUTEX;
    static mutex_t checked = ERRORCHECKMUTEX;
    static mutex_t both = RECURSIVE_ERRORCHECKMUTEX;
    for (mutex_t* mutex : {&plain, &zero, &recursive, &checked, &both}) {
        EXPECT_EQ(mutex_lock(mutex), 0);
    }
    EXPECT_EQ(mutex_trylock(&plain), EBUSY);
    EXPECT_EQ(mutex_trylock(&zero), EBUSY);
    EXPECT_EQ(mutex_lock(&recursive), 0);
    EXPECT_EQ(mutex_lock(&checked), EDEADLK);
    EXPECT_EQ(mutex_trylock(&checked), EBUSY);
    EXPECT_EQ(mutex_lock(&both), 0);
    for (mutex_t* mutex : {&plain, &zero, &recursive, &recursive, &checked, &both, &both}) {
        EXPECT_EQ(mutex_unlock(mutex), 0);
    }
    EXPECT_EQ(mutex_unlock(&checked), EPERM);
    EXPECT_EQ(mutex_unlock(&both), EPERM);
}

TEST(Mutex, RecursionEndsAfter256Holds)
{
    mutex_t mutex = RECURSIVEMUTEX;
    for (int i = 0; i < 256; ++i) {
        ASSERT_EQ(i % 2 == 0 ? mutex_lock(&mutex) : mutex_trylock(&mutex), 0);
    }
    EXPECT_EQ(mutex_lock(&mutex), EAGAIN);
    EXPECT_EQ(mutex_trylock(&mutex), EAGAIN);
    Crew crew;
    for (int i = 0; i < 255; ++i) {
        ASSERT_EQ(mutex_unlock(&mutex), 0);
    }
    crew.start([&] { EXPECT_EQ(mutex_trylock(&mutex), EBUSY); });
    crew.join();
    ASSERT_EQ(mutex_unlock(&mutex), 0);
    crew.start([&] {
        EXPECT_EQ(mutex_trylock(&mutex), 0);
        EXPECT_EQ(mutex_unlock(&mutex), 0);
    });
}

TEST(Mutex, OthersMayUnlockAPlainOneOnly)
{
    mutex_t plain = DEFAULTMUTEX;
    mutex_t checked = ERRORCHECKMUTEX;
    mutex_t both = RECURSIVE_ERRORCHECKMUTEX;
    for (mutex_t* mutex : {&plain, &checked, &both}) {
        ASSERT_EQ(mutex_lock(mutex), 0);
    }
    Crew crew;
    crew.start([&] {
        EXPECT_EQ(mutex_unlock(&plain), 0);
        EXPECT_EQ(mutex_trylock(&plain), 0);
        EXPECT_EQ(mutex_unlock(&checked), EPERM);
        EXPECT_EQ(mutex_unlock(&both), EPERM);
    });
    crew.join();
    EXPECT_NE(mutex_held(&checked), 0);
}

TEST(Mutex, AThreadThatWaitsForItselfIsFreedByAnother)
{
    mutex_t mutex = DEFAULTMUTEX;
    std::atomic<bool> through{false};
    Crew crew;
    crew.start([&] {
        ASSERT_EQ(mutex_lock(&mutex), 0);
        ASSERT_EQ(mutex_lock(&mutex), 0);
        through = true;
        ASSERT_EQ(mutex_unlock(&mutex), 0);
    });
    ASSERT_TRUE(bounded::until([&] { return someone_waits(mutex); }));
    EXPECT_FALSE(through.load());
    EXPECT_EQ(mutex_unlock(&mutex), 0);
    crew.join();
    EXPECT_TRUE(through.load());
}

TEST(Mutex, IsHandedToAWaiterOfMoreThanAMillisecond)
{
    mutex_t mutex = DEFAULTMUTEX;
    std::atomic<bool> looked{false};
    ASSERT_EQ(mutex_lock(&mutex), 0);
    Crew crew;
    crew.start([&] {
        EXPECT_EQ(mutex_lock(&mutex), 0);
        EXPECT_NE(mutex_held(&mutex), 0);
        EXPECT_TRUE(bounded::until([&] { return looked.load(); }));
        EXPECT_EQ(mutex_unlock(&mutex), 0);
    });
    ASSERT_TRUE(bounded::until([&] { return sleepers_on(&mutex) == 1; }));
    let_pass(milliseconds{30});
    EXPECT_EQ(mutex_unlock(&mutex), 0);
    EXPECT_EQ(mutex_trylock(&mutex), EBUSY);
    looked = true;
    crew.join();
    EXPECT_EQ(mutex_trylock(&mutex), 0);
}

TEST(Mutex, ReleasedByAnUnlockBarsNobodyWhenTheWaiterIsYoung)
{
    mutex_t mutex = DEFAULTMUTEX;
    int got = 0;
    std::atomic<int> rounds_done{0};
    constexpr int kThreads = 4;
    constexpr int kRounds = 2000;
    Crew crew;
    for (int t = 0; t < kThreads; ++t) {
        crew.start([&] {
            for (bounded::Rounds rounds{kRounds}; rounds.next(); ++rounds_done) {
                ASSERT_EQ(mutex_lock(&mutex), 0);
                thr_yield();
                ++got;
                ASSERT_EQ(mutex_unlock(&mutex), 0);
            }
        });
    }
    crew.join();
    EXPECT_EQ(got, rounds_done);
    EXPECT_EQ(word_of(mutex), 0U);
}

TEST(Mutex, NobodyStarves)
{
    mutex_t mutex = DEFAULTMUTEX;
    constexpr int kThreads = 8;
    // Each a time slice of the kernel's, where processors are scarce.
    static constexpr long kTurns = 10;
    std::atomic<bool> stop{false};
    std::atomic<long> turns[kThreads] = {};
    Crew crew;
    for (auto& own : turns) {
        crew.start([&] {
            while (!stop) {
                mutex_lock(&mutex);
                thr_yield();
                ++own;
                mutex_unlock(&mutex);
            }
        });
    }
    const auto all_had_theirs = [&] {
        return std::all_of(std::begin(turns), std::end(turns),
                           [](const std::atomic<long>& own) { return own >= kTurns; });
    };
    EXPECT_TRUE(bounded::until(all_had_theirs, 3 * bounded::kPatience));
    stop = true;
}

TEST(Mutex, LeavesErrnoAlone)
{
    mutex_t mutex = ERRORCHECKMUTEX;
    errno = 4711;
    EXPECT_EQ(mutex_unlock(&mutex), EPERM);
    EXPECT_EQ(mutex_lock(&mutex), 0);
    EXPECT_EQ(mutex_lock(&mutex), EDEADLK);
    EXPECT_EQ(mutex_trylock(&mutex), EBUSY);
    EXPECT_EQ(mutex_unlock(&mutex), 0);
    EXPECT_EQ(errno, 4711);
}

}  // namespace
}  // namespace lt_test
