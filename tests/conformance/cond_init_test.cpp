// cond_init(3C), cond_destroy.
#include <synch.h>
#include <thread.h>

#include <cstring>

#include "sync_support.h"

namespace conformance {
namespace {

class CondInit : public ThreadTest {
  protected:
    // A waiter is woken by a signal.
    void expect_works(cond_t& cond, int scope = USYNC_THREAD)
    {
        mutex_t mutex;
        EXPECT_EQ(mutex_init(&mutex, scope, nullptr), 0);
        bool told = false;
        bool waiting = false;
        const thread_t waiter = start([&] {
            mutex_lock(&mutex);
            waiting = true;
            while (!told) {
                EXPECT_EQ(cond_wait(&cond, &mutex), 0);
            }
            mutex_unlock(&mutex);
        });
        EXPECT_TRUE(bounded::until([&] {
            const Held held{mutex};
            return waiting;
        }));
        mutex_lock(&mutex);
        told = true;
        EXPECT_EQ(cond_signal(&cond), 0);
        mutex_unlock(&mutex);
        join(waiter);
    }
};
INSTANTIATE_TEST_SUITE_P(, CondInit, bindings(), binding_name);

// COND-01: zero-filled and DEFAULTCV objects work.
TEST_P(CondInit, S01ZeroFilledAndDefaultcvWork)
{
    cond_t zero;
    std::memset(&zero, 0, sizeof zero);
    expect_works(zero);
    cond_t by_default = DEFAULTCV;
    expect_works(by_default);
}

// COND-02: both scopes are accepted and give working objects.
TEST_P(CondInit, S02AcceptsBothScopes)
{
    for (const int type : {USYNC_THREAD, USYNC_PROCESS}) {
        cond_t cond;
        std::memset(&cond, 0xaa, sizeof cond);
        ASSERT_EQ(cond_init(&cond, type, nullptr), 0) << "type " << type;
        expect_works(cond, type);
        EXPECT_EQ(cond_destroy(&cond), 0);
    }
}

// COND-03: type 2 gives EINVAL.
TEST_P(CondInit, S03RefusesAnUndefinedType)
{
    cond_t cond{};
    EXPECT_EQ(cond_init(&cond, 2, nullptr), EINVAL);
    EXPECT_EQ(cond_init(&cond, -1, nullptr), EINVAL);
    EXPECT_EQ(cond_init(&cond, 0x8000, nullptr), EINVAL);
}

// COND-04: bits that only mutexes know give EINVAL.
TEST_P(CondInit, S04RefusesLockBits)
{
    cond_t cond{};
    for (const int bits : {LOCK_ERRORCHECK, LOCK_RECURSIVE, LOCK_PRIO_INHERIT, LOCK_PRIO_PROTECT,
                           LOCK_ROBUST, USYNC_PROCESS_ROBUST}) {
        EXPECT_EQ(cond_init(&cond, bits, nullptr), EINVAL) << bits;
        EXPECT_EQ(cond_init(&cond, USYNC_PROCESS | bits, nullptr), EINVAL) << bits;
    }
}

// COND-28: cond_destroy gives 0, and the memory can be used anew.
TEST_P(CondInit, S28DestroyGivesZero)
{
    cond_t cond{};
    EXPECT_EQ(cond_destroy(&cond), 0);
    ASSERT_EQ(cond_init(&cond, USYNC_THREAD, nullptr), 0);
    expect_works(cond);
    EXPECT_EQ(cond_destroy(&cond), 0);
}

}  // namespace
}  // namespace conformance
