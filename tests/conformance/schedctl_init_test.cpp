// schedctl_init(3C)
#include <schedctl.h>

#include "conformance/fixture.h"

namespace conformance {
namespace {

class SchedctlInit : public ThreadTest {};

INSTANTIATE_TEST_SUITE_P(Threads, SchedctlInit, bindings(), binding_name);

// COMP-18: schedctl_init returns a handle that can be used, or NULL; schedctl_start and
// schedctl_stop take both.
TEST_P(SchedctlInit, S18TakesAHandleOrNull)
{
    join(start([] {
        schedctl_t* const handle = schedctl_init();
        for (schedctl_t* const words : {handle, static_cast<schedctl_t*>(nullptr)}) {
            schedctl_start(words);
            thr_yield();
            schedctl_stop(words);
        }
        EXPECT_EQ(schedctl_lookup(), handle);
        EXPECT_EQ(schedctl_init(), handle);
        schedctl_exit();
    }));
}

// COMP-18: the handle is the thread's own, and gone after schedctl_exit.
TEST_P(SchedctlInit, S18GivesEachThreadItsOwn)
{
    schedctl_t* const mine = schedctl_init();
    join(start([mine] {
        EXPECT_EQ(schedctl_lookup(), nullptr);
        EXPECT_NE(schedctl_init(), mine);
    }));
    EXPECT_EQ(schedctl_lookup(), mine);
    schedctl_exit();
    EXPECT_EQ(schedctl_lookup(), nullptr);
}

// COMP-18: between start and stop the caller is not preempted for a thread of higher priority that
// it wakes; at stop it is.
TEST_P(SchedctlInit, S18HoldsOffPreemption)
{
    if (!is_multiplexed()) {
        GTEST_SKIP() << "the library preempts unbound threads only";
    }
    // A pool of one LWP is what makes preemption visible; with more, the other thread runs beside.
    const bool one_lwp = platform::pool().lwps == 1;
    sema_t wake{};
    std::atomic<bool> ran{false};
    bool held = false;
    bool after = false;
    const thread_t eager = start([&] {
        while (sema_wait(&wake) == EINTR) {}
        ran.store(true);
    });
    EXPECT_EQ(thr_setprio(eager, 50), 0);
    EXPECT_TRUE(bounded::until([&] { return platform::is_blocked(eager, &wake); }));
    join(start([&] {
        schedctl_t* const words = schedctl_init();
        schedctl_start(words);
        sema_post(&wake);
        held = !ran.load();
        schedctl_stop(words);
        after = ran.load();
    }));
    join(eager);
    EXPECT_TRUE(ran.load());
    if (one_lwp && platform::pool().lwps == 1) {
        EXPECT_TRUE(held);
        EXPECT_TRUE(after);
    }
}

}  // namespace
}  // namespace conformance
