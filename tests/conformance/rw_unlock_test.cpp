// rw_unlock(3C): who may unlock, and who gets in.
#include <synch.h>
#include <thread.h>

#include "sync_support.h"

namespace conformance {
namespace {

class RwUnlock : public ThreadTest {
  protected:
    int unlock_elsewhere()
    {
        int result = -1;
        join(start([&] { result = rw_unlock(&lock_); }));
        return result;
    }

    rwlock_t lock_{};
};
INSTANTIATE_TEST_SUITE_P(, RwUnlock, bindings(), binding_name);

// RW-09: the unlock of the last reader lets a waiting writer in, not an earlier one.
TEST_P(RwUnlock, S09LastReaderLetsAWriterIn)
{
    latch::Gate leave;
    latch::Gate inside;
    const thread_t reader = start([&] {
        rw_rdlock(&lock_);
        inside.open();
        leave.wait();
        rw_unlock(&lock_);
    });
    ASSERT_TRUE(inside.wait());
    ASSERT_EQ(rw_rdlock(&lock_), 0);
    std::atomic<bool> entered{false};
    const thread_t writer = start([&] {
        EXPECT_EQ(rw_wrlock(&lock_), 0);
        entered = true;
        EXPECT_EQ(rw_unlock(&lock_), 0);
    });
    ASSERT_TRUE(sleeps_on(writer, &lock_));
    EXPECT_EQ(rw_unlock(&lock_), 0);
    EXPECT_TRUE(stays_asleep_on(writer, &lock_));
    EXPECT_FALSE(entered);
    leave.open();
    join(writer);
    join(reader);
    EXPECT_TRUE(entered);
}

// RW-10: the unlock of a writer lets all that wait get on: readers together, writers in turn.
TEST_P(RwUnlock, S10WriterLetsWaitersIn)
{
    constexpr int kReaders = 5;
    ASSERT_EQ(rw_wrlock(&lock_), 0);
    std::vector<thread_t> threads;
    latch::Latch readers_inside{kReaders};
    for (int i = 0; i < kReaders; ++i) {
        threads.push_back(start([&] {
            EXPECT_EQ(rw_rdlock(&lock_), 0);
            EXPECT_TRUE(readers_inside.arrive_and_wait());
            EXPECT_EQ(rw_unlock(&lock_), 0);
        }));
    }
    for (int i = 0; i < 2; ++i) {
        threads.push_back(start([&] {
            EXPECT_EQ(rw_wrlock(&lock_), 0);
            EXPECT_EQ(rw_unlock(&lock_), 0);
        }));
    }
    for (const thread_t id : threads) {
        ASSERT_TRUE(sleeps_on(id, &lock_));
    }
    EXPECT_EQ(rw_unlock(&lock_), 0);
    for (const thread_t id : threads) {
        join(id);
    }
}

// RW-15: rw_unlock by a thread that does not hold the lock gives EPERM and changes nothing.
TEST_P(RwUnlock, S15NonHolderGetsEperm)
{
    ASSERT_EQ(rw_wrlock(&lock_), 0);
    EXPECT_EQ(unlock_elsewhere(), EPERM);
    EXPECT_TRUE(rw_write_held(&lock_));
    EXPECT_EQ(rw_unlock(&lock_), 0);

    ASSERT_EQ(rw_rdlock(&lock_), 0);
    EXPECT_EQ(unlock_elsewhere(), EPERM);
    EXPECT_TRUE(rw_read_held(&lock_));
    EXPECT_EQ(rw_unlock(&lock_), 0);
}

// RW-16: rw_unlock of a free lock gives EPERM.
TEST_P(RwUnlock, S16FreeLockGivesEperm)
{
    EXPECT_EQ(rw_unlock(&lock_), EPERM);
    EXPECT_EQ(unlock_elsewhere(), EPERM);
    EXPECT_EQ(rw_trywrlock(&lock_), 0);
    EXPECT_EQ(rw_unlock(&lock_), 0);
    EXPECT_EQ(rw_unlock(&lock_), EPERM);
}

}  // namespace
}  // namespace conformance
