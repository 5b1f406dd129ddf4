// rw_rdlock(3C), rw_tryrdlock.
#include <synch.h>
#include <thread.h>

#include "sync_support.h"

namespace conformance {
namespace {

class RwRdlock : public ThreadTest {
  protected:
    // Starts a thread that takes the lock for writing, notes `who` and unlocks; waits until it
    // sleeps.
    thread_t start_writer(int who)
    {
        const thread_t id = start([this, who] {
            EXPECT_EQ(rw_wrlock(&lock_), 0);
            order_.note(who);
            EXPECT_EQ(rw_unlock(&lock_), 0);
        });
        EXPECT_TRUE(sleeps_on(id, &lock_));
        return id;
    }

    int tryrdlock_elsewhere()
    {
        int result = -1;
        join(start([&] {
            result = rw_tryrdlock(&lock_);
            if (result == 0) {
                rw_unlock(&lock_);
            }
        }));
        return result;
    }

    rwlock_t lock_{};
    Order order_;
};
INSTANTIATE_TEST_SUITE_P(, RwRdlock, bindings(), binding_name);

// RW-03: many readers hold the lock at once.
TEST_P(RwRdlock, S03ManyReadersHoldAtOnce)
{
    constexpr int kReaders = 20;
    latch::Latch inside{kReaders};
    std::vector<thread_t> readers;
    for (int i = 0; i < kReaders; ++i) {
        readers.push_back(start([&] {
            EXPECT_EQ(rw_rdlock(&lock_), 0);
            EXPECT_TRUE(inside.arrive_and_wait());
            EXPECT_EQ(rw_unlock(&lock_), 0);
        }));
    }
    for (const thread_t id : readers) {
        join(id);
    }
    EXPECT_EQ(rw_trywrlock(&lock_), 0);
    EXPECT_EQ(rw_unlock(&lock_), 0);
}

// RW-05: rw_tryrdlock of a write-held lock gives EBUSY.
TEST_P(RwRdlock, S05TryrdlockOfAWriteHeldLockGivesEbusy)
{
    rw_wrlock(&lock_);
    EXPECT_EQ(tryrdlock_elsewhere(), EBUSY);
    rw_unlock(&lock_);
    EXPECT_EQ(tryrdlock_elsewhere(), 0);
}

// RW-08: rw_tryrdlock succeeds when only readers hold and no writer waits.
TEST_P(RwRdlock, S08TryrdlockSucceedsAmongReaders)
{
    EXPECT_EQ(rw_rdlock(&lock_), 0);
    EXPECT_EQ(tryrdlock_elsewhere(), 0);
    EXPECT_EQ(rw_unlock(&lock_), 0);
}

// RW-11: a waiting writer goes before readers that come later.
TEST_P(RwRdlock, S11WaitingWriterGoesBeforeNewReaders)
{
    constexpr int kWriter = 1;
    constexpr int kReader = 2;
    ASSERT_EQ(rw_rdlock(&lock_), 0);
    const thread_t writer = start_writer(kWriter);
    EXPECT_EQ(tryrdlock_elsewhere(), EBUSY);
    const thread_t reader = start([&] {
        EXPECT_EQ(rw_rdlock(&lock_), 0);
        order_.note(kReader);
        EXPECT_EQ(rw_unlock(&lock_), 0);
    });
    ASSERT_TRUE(sleeps_on(reader, &lock_));
    EXPECT_TRUE(stays_asleep_on(reader, &lock_));
    EXPECT_EQ(rw_unlock(&lock_), 0);
    join(writer);
    join(reader);
    EXPECT_EQ(order_.seen(), (std::vector<int>{kWriter, kReader}));
}

// RW-12: a reader may read-lock again although a writer waits.
TEST_P(RwRdlock, S12ReaderMayLockAgainWithAWriterWaiting)
{
    ASSERT_EQ(rw_rdlock(&lock_), 0);
    const thread_t writer = start_writer(1);
    EXPECT_EQ(rw_rdlock(&lock_), 0);
    EXPECT_EQ(rw_tryrdlock(&lock_), 0);
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(order_.size(), 0U);
        EXPECT_EQ(rw_unlock(&lock_), 0);
    }
    join(writer);
}

// RW-13: rw_rdlock by the thread that holds the lock for writing gives EDEADLK.
TEST_P(RwRdlock, S13WriteHolderGetsEdeadlk)
{
    join(start([&] {
        ASSERT_EQ(rw_wrlock(&lock_), 0);
        EXPECT_EQ(rw_rdlock(&lock_), EDEADLK);
        EXPECT_EQ(rw_unlock(&lock_), 0);
    }));
    EXPECT_EQ(tryrdlock_elsewhere(), 0);
}

// RW-17: signals do not end the waits of rw_rdlock and rw_wrlock.
TEST_P(RwRdlock, S17GoesOnWaitingAfterAHandledSignal)
{
    const CountingHandler handler{SIGUSR1};
    ASSERT_EQ(rw_wrlock(&lock_), 0);
    const thread_t writer = start_writer(1);
    const thread_t reader = start([&] {
        EXPECT_EQ(rw_rdlock(&lock_), 0);
        order_.note(2);
        EXPECT_EQ(rw_unlock(&lock_), 0);
    });
    ASSERT_TRUE(sleeps_on(reader, &lock_));
    int sent = 0;
    for (const thread_t id : {writer, reader}) {
        EXPECT_EQ(thr_kill(id, SIGUSR1), 0);
        ASSERT_TRUE(handler.waits_for(++sent));
        EXPECT_EQ(handler.runner(), id);
        ASSERT_TRUE(sleeps_on(id, &lock_));
        EXPECT_TRUE(stays_asleep_on(id, &lock_));
    }
    EXPECT_EQ(order_.size(), 0U);
    EXPECT_EQ(rw_unlock(&lock_), 0);
    join(writer);
    join(reader);
}

// RW-21: nested read locks need as many unlocks before a writer gets in.
TEST_P(RwRdlock, S21NestedReadLocksNeedAsManyUnlocks)
{
    constexpr int kDepth = 10;
    for (int i = 0; i < kDepth; ++i) {
        ASSERT_EQ(rw_rdlock(&lock_), 0);
    }
    const thread_t writer = start_writer(1);
    for (int i = 0; i < kDepth; ++i) {
        EXPECT_EQ(order_.size(), 0U);
        EXPECT_TRUE(platform::is_blocked(writer, &lock_)) << i << " unlocks";
        EXPECT_EQ(rw_unlock(&lock_), 0);
    }
    join(writer);
    EXPECT_EQ(order_.size(), 1U);
}

}  // namespace
}  // namespace conformance
