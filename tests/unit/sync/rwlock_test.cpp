#include "sync/rwlock.h"

#include <atomic>

#include "crew.h"

namespace lt_test {
namespace {

std::uint32_t state_of(rwlock_t& lock)
{
    return lt::words_of(&lock).state.load();
}

bool someone_waits(rwlock_t& lock)
{
    return (state_of(lock) & lt::kRwWaiters) != 0;
}

// How a try by a thread that holds nothing ends; the lock is given back.
int try_elsewhere(rwlock_t& lock, int (*attempt)(rwlock_t*))
{
    int result = -1;
    Crew crew;
    crew.start([&] {
        result = attempt(&lock);
        if (result == 0) {
            EXPECT_EQ(rw_unlock(&lock), 0);
        }
    });
    crew.join();
    return result;
}

class RwlockOfType : public testing::TestWithParam<int> {
  protected:
    void SetUp() override { ASSERT_EQ(rwlock_init(&lock_, GetParam(), nullptr), 0); }
    rwlock_t lock_{};
};

INSTANTIATE_TEST_SUITE_P(Scopes, RwlockOfType, testing::Values(USYNC_THREAD, USYNC_PROCESS));

TEST_P(RwlockOfType, AdmitsReadersTogetherAndAWriterAlone)
{
    ASSERT_EQ(rw_rdlock(&lock_), 0);
    EXPECT_EQ(try_elsewhere(lock_, rw_tryrdlock), 0);
    EXPECT_EQ(try_elsewhere(lock_, rw_trywrlock), EBUSY);
    ASSERT_EQ(rw_unlock(&lock_), 0);
    ASSERT_EQ(rw_wrlock(&lock_), 0);
    EXPECT_EQ(try_elsewhere(lock_, rw_tryrdlock), EBUSY);
    EXPECT_EQ(try_elsewhere(lock_, rw_trywrlock), EBUSY);
    ASSERT_EQ(rw_unlock(&lock_), 0);
    EXPECT_EQ(try_elsewhere(lock_, rw_trywrlock), 0);
}

TEST_P(RwlockOfType, KnowsItsHolders)
{
    EXPECT_EQ(rw_unlock(&lock_), EPERM);
    ASSERT_EQ(rw_rdlock(&lock_), 0);
    EXPECT_NE(RW_READ_HELD(&lock_), 0);
    EXPECT_EQ(RW_WRITE_HELD(&lock_), 0);
    EXPECT_EQ(rw_wrlock(&lock_), EDEADLK);
    EXPECT_EQ(rw_trywrlock(&lock_), EBUSY);
    ASSERT_EQ(rw_unlock(&lock_), 0);
    ASSERT_EQ(rw_wrlock(&lock_), 0);
    EXPECT_NE(rw_write_held(&lock_), 0);
    EXPECT_NE(RW_LOCK_HELD(&lock_), 0);
    EXPECT_EQ(rw_rdlock(&lock_), EDEADLK);
    EXPECT_EQ(rw_wrlock(&lock_), EDEADLK);
    EXPECT_EQ(rw_tryrdlock(&lock_), EBUSY);
    EXPECT_EQ(rw_trywrlock(&lock_), EBUSY);
    EXPECT_EQ(try_elsewhere(lock_, rw_tryrdlock), EBUSY);
    Crew crew;
    crew.start([&] {
        EXPECT_EQ(rw_unlock(&lock_), EPERM);
        EXPECT_EQ(rw_write_held(&lock_), 0);
        EXPECT_EQ(rw_read_held(&lock_), 0);
    });
    crew.join();
    ASSERT_EQ(rw_unlock(&lock_), 0);
    EXPECT_EQ(rw_unlock(&lock_), EPERM);
    EXPECT_EQ(state_of(lock_), 0U);
}

TEST_P(RwlockOfType, PrefersAWaitingWriterButLetsReadersEnterAgain)
{
    std::atomic<bool> written{false};
    ASSERT_EQ(rw_rdlock(&lock_), 0);
    Crew crew;
    crew.start([&] {
        EXPECT_EQ(rw_wrlock(&lock_), 0);
        written = true;
        EXPECT_EQ(rw_unlock(&lock_), 0);
    });
    ASSERT_TRUE(bounded::until([&] { return someone_waits(lock_); }));
    EXPECT_EQ(try_elsewhere(lock_, rw_tryrdlock), EBUSY);
    std::atomic<bool> read{false};
    crew.start([&] {
        EXPECT_EQ(rw_rdlock(&lock_), 0);
        read = true;
        // A lock shared between processes is left to the writer for a moment only: it may be dead.
        EXPECT_TRUE(written.load() || GetParam() == USYNC_PROCESS);
        EXPECT_EQ(rw_unlock(&lock_), 0);
    });
    EXPECT_EQ(rw_rdlock(&lock_), 0);
    EXPECT_EQ(rw_tryrdlock(&lock_), 0);
    EXPECT_EQ(rw_unlock(&lock_), 0);
    EXPECT_EQ(rw_unlock(&lock_), 0);
    thr_yield();
    EXPECT_FALSE(written.load());
    EXPECT_FALSE(read.load());
    EXPECT_EQ(rw_unlock(&lock_), 0);
    crew.join();
    EXPECT_TRUE(written.load());
    EXPECT_EQ(rw_trywrlock(&lock_), 0);
}

TEST_P(RwlockOfType, CountsNestedReadsUpToTheLimit)
{
    constexpr int kMost = 100'000;
    for (int i = 0; i < kMost; ++i) {
        ASSERT_EQ(rw_rdlock(&lock_), 0);
    }
    EXPECT_EQ(rw_rdlock(&lock_), EAGAIN);
    EXPECT_EQ(rw_tryrdlock(&lock_), EAGAIN);
    for (int i = 1; i < kMost; ++i) {
        ASSERT_EQ(rw_unlock(&lock_), 0);
    }
    EXPECT_EQ(try_elsewhere(lock_, rw_trywrlock), EBUSY);
    EXPECT_EQ(rw_unlock(&lock_), 0);
    EXPECT_EQ(try_elsewhere(lock_, rw_trywrlock), 0);
}

TEST_P(RwlockOfType, ShowsReadersWholeUpdates)
{
    constexpr int kReaders = 5;
    constexpr int kWriters = 3;
    constexpr int kRounds = 1500;
    long first = 0;
    long second = 0;
    std::atomic<int> torn{0};
    Crew crew;
    for (int t = 0; t < kReaders; ++t) {
        crew.start([&, t] {
            for (int i = 0; i < kRounds; ++i) {
                ASSERT_EQ(rw_rdlock(&lock_), 0);
                const long seen = first;
                if (i % 16 == t) {
                    thr_yield();
                }
                torn += seen != second ? 1 : 0;
                ASSERT_EQ(rw_unlock(&lock_), 0);
            }
        });
    }
    for (int t = 0; t < kWriters; ++t) {
        crew.start([&, t] {
            for (int i = 0; i < kRounds; ++i) {
                ASSERT_EQ(rw_wrlock(&lock_), 0);
                ++first;
                if (i % 16 == t) {
                    thr_yield();
                }
                ++second;
                ASSERT_EQ(rw_unlock(&lock_), 0);
            }
        });
    }
    crew.join();
    EXPECT_EQ(torn.load(), 0);
    EXPECT_EQ(first, long{kWriters} * kRounds);
    EXPECT_EQ(second, first);
    EXPECT_EQ(state_of(lock_), 0U);
}

TEST_P(RwlockOfType, MayVanishOnceUnlocked)
{
    constexpr int kRounds = 2000;
    std::atomic<rwlock_t*> offered{nullptr};
    std::atomic<bool> over{false};
    Crew crew;
    crew.start([&] {
        for (;;) {
            ASSERT_TRUE(bounded::until([&] { return over || offered.load() != nullptr; }));
            rwlock_t* lock = offered.load();
            if (lock == nullptr) {
                return;
            }
            ASSERT_EQ(rw_wrlock(lock), 0);
            ASSERT_EQ(rw_unlock(lock), 0);
            OnItsOwnPage<rwlock_t>::drop(lock);
            offered = nullptr;
        }
    });
    for (bounded::Rounds rounds{kRounds}; rounds.next();) {
        const int i = rounds.number();
        rwlock_t* lock = OnItsOwnPage<rwlock_t>::make();
        ASSERT_NE(lock, nullptr);
        ASSERT_EQ(rwlock_init(lock, GetParam(), nullptr), 0);
        ASSERT_EQ(i % 2 == 0 ? rw_rdlock(lock) : rw_wrlock(lock), 0);
        offered = lock;
        if (i % 3 != 0) {
            thr_yield();
        }
        ASSERT_EQ(rw_unlock(lock), 0);
        ASSERT_TRUE(bounded::until([&] { return offered.load() == nullptr; }));
    }
    over = true;
}

TEST(Rwlock, ManyLocksMayBeReadHeldAtOnce)
{
    constexpr int kLocks = 40;
    static rwlock_t locks[kLocks];
    for (rwlock_t& lock : locks) {
        ASSERT_EQ(rw_rdlock(&lock), 0);
    }
    for (rwlock_t& lock : locks) {
        EXPECT_NE(rw_read_held(&lock), 0);
        EXPECT_EQ(rw_unlock(&lock), 0);
        EXPECT_EQ(rw_read_held(&lock), 0);
        EXPECT_EQ(rw_unlock(&lock), EPERM);
    }
}

TEST(Rwlock, AThreadThatEndsLeavesItsHoldsToNobody)
{
    static rwlock_t lock;
    Crew crew;
    crew.start([] { EXPECT_EQ(rw_rdlock(&lock), 0); });
    crew.join();
    for (int i = 0; i < 20; ++i) {
        crew.start([] {
            EXPECT_EQ(rw_read_held(&lock), 0);
            EXPECT_EQ(rw_unlock(&lock), EPERM);
        });
        crew.join();
    }
}

TEST(RwlockInit, ChecksItsType)
{
    rwlock_t lock;
    EXPECT_EQ(rwlock_init(&lock, 2, nullptr), EINVAL);
    EXPECT_EQ(rwlock_init(&lock, USYNC_PROCESS, nullptr), 0);
    EXPECT_EQ(rwlock_destroy(&lock), 0);
}

}  // namespace
}  // namespace lt_test
