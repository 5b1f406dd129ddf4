// sema_init(3C), sema_destroy.
#include <synch.h>
#include <thread.h>

#include <climits>
#include <cstring>

#include "sync_support.h"

namespace conformance {
namespace {

class SemaInit : public ThreadTest {
  protected:
    // Count 0, and a post lets one waiter in.
    void expect_works_from_zero(sema_t& sema)
    {
        EXPECT_EQ(sema_trywait(&sema), EBUSY);
        const thread_t waiter = start([&] { EXPECT_EQ(sema_wait(&sema), 0); });
        EXPECT_EQ(sema_post(&sema), 0);
        join(waiter);
        EXPECT_EQ(sema_trywait(&sema), EBUSY);
    }
};
INSTANTIATE_TEST_SUITE_P(, SemaInit, bindings(), binding_name);

// SEMA-01: the initial count is the number of waits that do not block.
TEST_P(SemaInit, S01CountIsTheNumberOfFreeWaits)
{
    for (const int type : {USYNC_THREAD, USYNC_PROCESS}) {
        for (const unsigned count : {0U, 1U, 7U}) {
            sema_t sema;
            std::memset(&sema, 0xaa, sizeof sema);
            ASSERT_EQ(sema_init(&sema, count, type, nullptr), 0);
            for (unsigned i = 0; i < count; ++i) {
                EXPECT_EQ(sema_wait(&sema), 0);
            }
            EXPECT_EQ(sema_trywait(&sema), EBUSY) << "count " << count;
        }
    }
}

// SEMA-05: a count above SEM_VALUE_MAX gives EINVAL; SEM_VALUE_MAX itself does not.
TEST_P(SemaInit, S05RefusesACountAboveTheMaximum)
{
    sema_t sema{};
    EXPECT_EQ(sema_init(&sema, unsigned{INT_MAX} + 1, USYNC_THREAD, nullptr), EINVAL);
    EXPECT_EQ(sema_init(&sema, UINT_MAX, USYNC_THREAD, nullptr), EINVAL);
    EXPECT_EQ(sema_init(&sema, unsigned{INT_MAX}, USYNC_THREAD, nullptr), 0);
    EXPECT_EQ(sema_trywait(&sema), 0);
}

// SEMA-06: an undefined type gives EINVAL.
TEST_P(SemaInit, S06RefusesAnUndefinedType)
{
    sema_t sema{};
    for (const int type : {2, 4, 0x40, 0x8000, -1}) {
        EXPECT_EQ(sema_init(&sema, 0, type, nullptr), EINVAL) << type;
    }
}

// SEMA-15: a zero-filled semaphore has count 0 and works.
TEST_P(SemaInit, S15ZeroFilledSemaphoreWorks)
{
    sema_t sema;
    std::memset(&sema, 0, sizeof sema);
    expect_works_from_zero(sema);
}

// SEMA-16: DEFAULTSEMA has count 0 and works.
TEST_P(SemaInit, S16DefaultsemaHasCountZero)
{
    sema_t sema = DEFAULTSEMA;
    expect_works_from_zero(sema);
}

// SEMA-20: sema_destroy gives 0, and the memory can be used anew.
TEST_P(SemaInit, S20DestroyGivesZero)
{
    sema_t sema{};
    EXPECT_EQ(sema_destroy(&sema), 0);
    ASSERT_EQ(sema_init(&sema, 3, USYNC_THREAD, nullptr), 0);
    EXPECT_EQ(sema_destroy(&sema), 0);
    ASSERT_EQ(sema_init(&sema, 0, USYNC_THREAD, nullptr), 0);
    expect_works_from_zero(sema);
}

}  // namespace
}  // namespace conformance
