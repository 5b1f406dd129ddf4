// rwlock_init(3C), rwlock_destroy.
#include <synch.h>
#include <thread.h>

#include <cstring>

#include "sync_support.h"

namespace conformance {
namespace {

class RwlockInit : public ThreadTest {
  protected:
    void expect_works(rwlock_t& lock)
    {
        EXPECT_EQ(rw_rdlock(&lock), 0);
        join(start([&] {
            EXPECT_EQ(rw_tryrdlock(&lock), 0);
            EXPECT_EQ(rw_trywrlock(&lock), EBUSY);
            EXPECT_EQ(rw_unlock(&lock), 0);
        }));
        EXPECT_EQ(rw_unlock(&lock), 0);
        EXPECT_EQ(rw_wrlock(&lock), 0);
        join(start([&] {
            EXPECT_EQ(rw_tryrdlock(&lock), EBUSY);
            EXPECT_EQ(rw_trywrlock(&lock), EBUSY);
        }));
        EXPECT_EQ(rw_unlock(&lock), 0);
    }
};
INSTANTIATE_TEST_SUITE_P(, RwlockInit, bindings(), binding_name);

// RW-01: zero-filled and DEFAULTRWLOCK objects work, and initialised ones.
TEST_P(RwlockInit, S01ZeroFilledAndDefaultrwlockWork)
{
    rwlock_t zero;
    std::memset(&zero, 0, sizeof zero);
    expect_works(zero);
    rwlock_t by_default = DEFAULTRWLOCK;
    expect_works(by_default);
    for (const int type : {USYNC_THREAD, USYNC_PROCESS}) {
        rwlock_t lock;
        std::memset(&lock, 0xaa, sizeof lock);
        ASSERT_EQ(rwlock_init(&lock, type, nullptr), 0);
        expect_works(lock);
    }
}

// RW-02: an undefined type gives EINVAL.
TEST_P(RwlockInit, S02RefusesAnUndefinedType)
{
    rwlock_t lock{};
    for (const int type : {2, 4, 0x40, 0x8000, -1}) {
        EXPECT_EQ(rwlock_init(&lock, type, nullptr), EINVAL) << type;
    }
}

// RW-20: rwlock_destroy gives 0, and the memory can be used anew.
TEST_P(RwlockInit, S20DestroyGivesZero)
{
    rwlock_t lock{};
    EXPECT_EQ(rwlock_destroy(&lock), 0);
    ASSERT_EQ(rwlock_init(&lock, USYNC_THREAD, nullptr), 0);
    expect_works(lock);
    EXPECT_EQ(rwlock_destroy(&lock), 0);
}

}  // namespace
}  // namespace conformance
