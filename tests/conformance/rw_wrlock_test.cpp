// rw_wrlock(3C), rw_trywrlock.
#include <synch.h>
#include <thread.h>

#include "sync_support.h"

namespace conformance {
namespace {

class RwWrlock : public ThreadTest {
  protected:
    int trywrlock_elsewhere()
    {
        int result = -1;
        join(start([&] {
            result = rw_trywrlock(&lock_);
            if (result == 0) {
                rw_unlock(&lock_);
            }
        }));
        return result;
    }

    rwlock_t lock_{};
};
INSTANTIATE_TEST_SUITE_P(, RwWrlock, bindings(), binding_name);

// RW-04: a writer excludes readers and writers.
TEST_P(RwWrlock, S04ExcludesReadersAndWriters)
{
    ASSERT_EQ(rw_wrlock(&lock_), 0);
    std::atomic<int> entered{0};
    const thread_t writer = start([&] {
        EXPECT_EQ(rw_wrlock(&lock_), 0);
        ++entered;
        EXPECT_EQ(rw_unlock(&lock_), 0);
    });
    const thread_t reader = start([&] {
        EXPECT_EQ(rw_rdlock(&lock_), 0);
        ++entered;
        EXPECT_EQ(rw_unlock(&lock_), 0);
    });
    ASSERT_TRUE(sleeps_on(writer, &lock_));
    ASSERT_TRUE(sleeps_on(reader, &lock_));
    EXPECT_TRUE(bounded::holds_for(kWindow, [&] { return entered == 0; }));
    EXPECT_EQ(rw_unlock(&lock_), 0);
    join(writer);
    join(reader);
}

// RW-06: rw_trywrlock of a read-held lock gives EBUSY, to the reader too.
TEST_P(RwWrlock, S06TrywrlockOfAReadHeldLockGivesEbusy)
{
    ASSERT_EQ(rw_rdlock(&lock_), 0);
    EXPECT_EQ(trywrlock_elsewhere(), EBUSY);
    EXPECT_EQ(rw_trywrlock(&lock_), EBUSY);
    EXPECT_EQ(rw_unlock(&lock_), 0);
    EXPECT_EQ(trywrlock_elsewhere(), 0);
}

// RW-07: rw_trywrlock of a write-held lock gives EBUSY, to the holder too.
TEST_P(RwWrlock, S07TrywrlockOfAWriteHeldLockGivesEbusy)
{
    ASSERT_EQ(rw_wrlock(&lock_), 0);
    EXPECT_EQ(trywrlock_elsewhere(), EBUSY);
    EXPECT_EQ(rw_trywrlock(&lock_), EBUSY);
    EXPECT_EQ(rw_unlock(&lock_), 0);
    EXPECT_EQ(trywrlock_elsewhere(), 0);
}

// RW-14: rw_wrlock by a thread that holds the lock either way gives EDEADLK.
TEST_P(RwWrlock, S14HolderGetsEdeadlk)
{
    join(start([&] {
        ASSERT_EQ(rw_rdlock(&lock_), 0);
        EXPECT_EQ(rw_wrlock(&lock_), EDEADLK);
        EXPECT_EQ(rw_unlock(&lock_), 0);
        ASSERT_EQ(rw_wrlock(&lock_), 0);
        EXPECT_EQ(rw_wrlock(&lock_), EDEADLK);
        EXPECT_EQ(rw_unlock(&lock_), 0);
    }));
    EXPECT_EQ(trywrlock_elsewhere(), 0);
}

// RW-22: readers see consistent data, writers' totals are exact.
TEST_P(RwWrlock, S22KeepsDataConsistent)
{
    constexpr int kThreads = 8;
    constexpr int kRounds = 2'000;
    std::array<long, 16> data{};
    std::atomic<long> writes{0};
    std::atomic<int> torn{0};
    std::vector<thread_t> threads;
    for (int i = 0; i < kThreads; ++i) {
        threads.push_back(start([&, i] {
            for (int round = 0; round < kRounds; ++round) {
                if ((round + i) % 8 == 0) {
                    rw_wrlock(&lock_);
                    for (long& word : data) {
                        ++word;
                    }
                    ++writes;
                } else {
                    rw_rdlock(&lock_);
                    for (const long word : data) {
                        torn += word != data[0] ? 1 : 0;
                    }
                }
                if (round % 32 == 0) {
                    thr_yield();
                }
                rw_unlock(&lock_);
            }
        }));
    }
    for (const thread_t id : threads) {
        join(id);
    }
    EXPECT_EQ(torn, 0);
    EXPECT_EQ(data[0], writes);
    EXPECT_EQ(data.back(), writes);
}

}  // namespace
}  // namespace conformance
