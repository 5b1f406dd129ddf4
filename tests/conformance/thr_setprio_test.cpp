// thr_setprio(3C), thr_getprio(3C).
#include <thread.h>

#include <cerrno>

#include "conformance/fixture.h"

namespace conformance {
namespace {

// Restores the priority of the thread that runs the tests.
class ThrSetprio : public ThreadTest {
  protected:
    void SetUp() override { ASSERT_EQ(thr_getprio(thr_self(), &before_), 0); }

    void TearDown() override
    {
        EXPECT_EQ(thr_setprio(thr_self(), before_), 0);
        ThreadTest::TearDown();
    }

  private:
    int before_ = 0;
};

INSTANTIATE_TEST_SUITE_P(Threads, ThrSetprio, bindings(), binding_name);

int priority_of(thread_t id)
{
    int priority = -1;
    EXPECT_EQ(thr_getprio(id, &priority), 0);
    return priority;
}

// THR-PRIO-01: the value set is the value got, for oneself and for another thread.
TEST_P(ThrSetprio, S01SetsThePriority)
{
    latch::Gate leave;
    const thread_t other = start([&] { leave.wait(); });
    for (const int priority : {1, 64, 100}) {
        EXPECT_EQ(thr_setprio(thr_self(), priority), 0);
        EXPECT_EQ(priority_of(thr_self()), priority);
        EXPECT_EQ(thr_setprio(other, priority + 5), 0);
        EXPECT_EQ(priority_of(other), priority + 5);
    }
    leave.open();
    join(other);
}

// THR-PRIO-02: thr_setprio of an unknown id gives ESRCH.
// THR-PRIO-03: thr_getprio likewise.
TEST_P(ThrSetprio, S02FailsWithEsrchForAnUnknownId)
{
    int priority = -7;
    EXPECT_EQ(thr_setprio(kNeverIssued, 1), ESRCH);
    EXPECT_EQ(thr_getprio(kNeverIssued, &priority), ESRCH);
    EXPECT_EQ(priority, -7);
}

// THR-PRIO-04: so do the ids of threads that were joined, or detached and have ended.
TEST_P(ThrSetprio, S04FailsWithEsrchForEndedThreads)
{
    const thread_t joined = start([] {});
    join(joined);
    const thread_t detached = start([] {}, THR_DETACHED);
    EXPECT_TRUE(bounded::until([&] { return !is_alive(detached); }));
    int priority = 0;
    EXPECT_EQ(thr_setprio(joined, 1), ESRCH);
    EXPECT_EQ(thr_getprio(joined, &priority), ESRCH);
    EXPECT_EQ(thr_setprio(detached, 1), ESRCH);
    EXPECT_EQ(thr_getprio(detached, &priority), ESRCH);
}

// THR-PRIO-05: 0 and 127 are accepted.
TEST_P(ThrSetprio, S05AcceptsTheWholeRange)
{
    EXPECT_EQ(thr_setprio(thr_self(), 127), 0);
    EXPECT_EQ(priority_of(thr_self()), 127);
    EXPECT_EQ(thr_setprio(thr_self(), 0), 0);
    EXPECT_EQ(priority_of(thr_self()), 0);
}

// THR-PRIO-06: -1 gives EINVAL.
// THR-PRIO-07: a value far above the range too; so does the first above it.
// THR-PRIO-08: a failed call leaves the priority as it was.
TEST_P(ThrSetprio, S06RefusesWhatIsOutOfRange)
{
    ASSERT_EQ(thr_setprio(thr_self(), 33), 0);
    for (const int priority : {-1, 128, 100'000, -2147483647 - 1}) {
        EXPECT_EQ(thr_setprio(thr_self(), priority), EINVAL) << priority;
        EXPECT_EQ(priority_of(thr_self()), 33) << priority;
    }
}

// THR-PRIO-09: a thread has the priority that its creator had when it created it.
TEST_P(ThrSetprio, S09InheritsThePriority)
{
    latch::Gate leave;
    ASSERT_EQ(thr_setprio(thr_self(), 20), 0);
    const thread_t low = start([&] { leave.wait(); });
    ASSERT_EQ(thr_setprio(thr_self(), 90), 0);
    const thread_t high = start([&] { leave.wait(); });
    EXPECT_EQ(priority_of(low), 20);
    EXPECT_EQ(priority_of(high), 90);
    leave.open();
    join(low);
    join(high);
}

}  // namespace
}  // namespace conformance
