// mutex_held(3C), rw_read_held, rw_write_held, sema_held and the macros over them.
#include <synch.h>
#include <thread.h>

#include "sync_support.h"

namespace conformance {
namespace {

class MutexHeld : public ThreadTest {
  protected:
    template <class Function>
    int elsewhere(Function function)
    {
        int result = -1;
        join(start([&] { result = function(); }));
        return result;
    }
};
INSTANTIATE_TEST_SUITE_P(, MutexHeld, bindings(), binding_name);

// MUTEX-29: mutex_held is true for the owner only.
TEST_P(MutexHeld, S29IsTrueForTheOwnerOnly)
{
    for (const int type : {LOCK_NORMAL, LOCK_ERRORCHECK, LOCK_RECURSIVE}) {
        mutex_t mutex;
        ASSERT_EQ(mutex_init(&mutex, type, nullptr), 0);
        EXPECT_EQ(mutex_held(&mutex), 0);
        mutex_lock(&mutex);
        EXPECT_EQ(mutex_held(&mutex), 1);
        EXPECT_EQ(elsewhere([&] { return mutex_held(&mutex); }), 0);
        mutex_unlock(&mutex);
        EXPECT_EQ(mutex_held(&mutex), 0);
    }
}

// MUTEX-30: MUTEX_HELD is true right after the lock, in every thread that locks.
TEST_P(MutexHeld, S30MacroIsTrueRightAfterTheLock)
{
    mutex_t mutex = DEFAULTMUTEX;
    EXPECT_EQ(elsewhere([&] {
                  mutex_lock(&mutex);
                  const int held = MUTEX_HELD(&mutex);
                  mutex_unlock(&mutex);
                  return held;
              }),
              1);
}

// RW-18: rw_read_held and rw_write_held are true for the holder only.
TEST_P(MutexHeld, S18RwHeldIsTrueForTheHolderOnly)
{
    rwlock_t lock = DEFAULTRWLOCK;
    EXPECT_FALSE(rw_read_held(&lock));
    EXPECT_FALSE(rw_write_held(&lock));

    rw_rdlock(&lock);
    EXPECT_TRUE(rw_read_held(&lock));
    EXPECT_FALSE(rw_write_held(&lock));
    EXPECT_EQ(elsewhere([&] { return rw_read_held(&lock); }), 0);
    rw_unlock(&lock);
    EXPECT_FALSE(rw_read_held(&lock));

    rw_wrlock(&lock);
    EXPECT_TRUE(rw_write_held(&lock));
    EXPECT_FALSE(rw_read_held(&lock));
    EXPECT_EQ(elsewhere([&] { return rw_write_held(&lock); }), 0);
    rw_unlock(&lock);
    EXPECT_FALSE(rw_write_held(&lock));
}

// RW-19: RW_LOCK_HELD is true for either kind of holder.
TEST_P(MutexHeld, S19RwLockHeldMeansEither)
{
    rwlock_t lock = DEFAULTRWLOCK;
    EXPECT_FALSE(RW_LOCK_HELD(&lock));
    rw_rdlock(&lock);
    EXPECT_TRUE(RW_LOCK_HELD(&lock));
    rw_unlock(&lock);
    rw_wrlock(&lock);
    EXPECT_TRUE(RW_LOCK_HELD(&lock));
    rw_unlock(&lock);
    EXPECT_FALSE(RW_LOCK_HELD(&lock));
}

// SEMA-19: sema_held is true when the count is 0.
TEST_P(MutexHeld, S19SemaHeldMeansCountZero)
{
    sema_t sema;
    ASSERT_EQ(sema_init(&sema, 1, USYNC_THREAD, nullptr), 0);
    EXPECT_FALSE(sema_held(&sema));
    EXPECT_FALSE(SEMA_HELD(&sema));
    EXPECT_EQ(sema_wait(&sema), 0);
    EXPECT_TRUE(sema_held(&sema));
    EXPECT_TRUE(SEMA_HELD(&sema));
    EXPECT_EQ(sema_post(&sema), 0);
    EXPECT_FALSE(sema_held(&sema));
}

}  // namespace
}  // namespace conformance
