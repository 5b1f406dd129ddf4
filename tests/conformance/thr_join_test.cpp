// thr_join(3C): waiting for one thread.
#include <thread.h>

#include <pthread.h>
#include <signal.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "conformance/fixture.h"
#include "conformance/signal_sets.h"

namespace conformance {
namespace {

class ThrJoin : public ThreadTest {};

INSTANTIATE_TEST_SUITE_P(Threads, ThrJoin, bindings(), binding_name);

// THR-JOIN-01: joining a thread that has ended returns at once with its status.
TEST_P(ThrJoin, S01ReturnsTheStatusOfAnEndedThread)
{
    int object = 0;
    const thread_t id = start([&]() -> void* { return &object; });
    ASSERT_TRUE(bounded::until([&] { return !is_alive(id); }));
    void* status = nullptr;
    EXPECT_EQ(thr_join(id, nullptr, &status), 0);
    EXPECT_EQ(status, &object);
}

// THR-JOIN-02: joining a running thread blocks until it ends.
TEST_P(ThrJoin, S02WaitsForARunningThread)
{
    latch::Gate leave;
    std::atomic<bool> ending{false};
    std::atomic<bool> joined{false};
    std::atomic<bool> ended_first{false};
    blocked::Marker joining;
    const thread_t target = start([&] {
        leave.wait();
        ending.store(true);
    });
    const thread_t joiner = start([&] {
        joining.about_to_wait();
        EXPECT_EQ(thr_join(target, nullptr, nullptr), 0);
        ended_first.store(ending.load());
        joined.store(true);
    });
    EXPECT_TRUE(joining.seen_waiting());
    EXPECT_FALSE(joined.load());
    leave.open();
    join(joiner);
    EXPECT_TRUE(ended_first.load());
}

// THR-JOIN-03: the id joined is stored.
TEST_P(ThrJoin, S03StoresTheIdJoined)
{
    const thread_t id = start([] {});
    thread_t departed = 0;
    EXPECT_EQ(thr_join(id, &departed, nullptr), 0);
    EXPECT_EQ(departed, id);
}

// THR-JOIN-04: both places may be null.
TEST_P(ThrJoin, S04AcceptsNullPlaces)
{
    EXPECT_EQ(thr_join(start([] {}), nullptr, nullptr), 0);
    thread_t departed = 0;
    void* status = nullptr;
    EXPECT_EQ(thr_join(start([] {}), &departed, nullptr), 0);
    EXPECT_EQ(thr_join(start([] {}), nullptr, &status), 0);
}

// THR-JOIN-05: an id never issued gives ESRCH.
TEST_P(ThrJoin, S05FailsWithEsrchWhenNoSuchThread)
{
    EXPECT_EQ(thr_join(kNeverIssued, nullptr, nullptr), ESRCH);
    EXPECT_EQ(thr_join(static_cast<thread_t>(-1), nullptr, nullptr), ESRCH);
}

// THR-JOIN-06: an id joined before gives ESRCH.
TEST_P(ThrJoin, S06FailsWithEsrchWhenJoinedBefore)
{
    const thread_t id = start([] {});
    join(id);
    EXPECT_EQ(thr_join(id, nullptr, nullptr), ESRCH);
}

// THR-JOIN-07: joining oneself gives EDEADLK.
TEST_P(ThrJoin, S07FailsWithEdeadlkForTheCaller)
{
    EXPECT_EQ(thr_join(thr_self(), nullptr, nullptr), EDEADLK);
    int error = 0;
    join(start([&] { error = thr_join(thr_self(), nullptr, nullptr); }));
    EXPECT_EQ(error, EDEADLK);
}

// THR-JOIN-08: a detached thread gives ESRCH, not EINVAL.
TEST_P(ThrJoin, S08FailsWithEsrchForADetachedThread)
{
    latch::Gate leave;
    const thread_t id = start([&] { leave.wait(); }, THR_DETACHED);
    EXPECT_EQ(thr_join(id, nullptr, nullptr), ESRCH);
    leave.open();
    EXPECT_TRUE(bounded::until([&] { return !is_alive(id); }));
}

// THR-JOIN-09: a daemon thread gives ESRCH.
TEST_P(ThrJoin, S09FailsWithEsrchForADaemonThread)
{
    latch::Gate leave;
    const thread_t id = start([&] { leave.wait(); }, THR_DAEMON);
    EXPECT_EQ(thr_join(id, nullptr, nullptr), ESRCH);
    leave.open();
    EXPECT_TRUE(bounded::until([&] { return !is_alive(id); }));
}

// THR-JOIN-10: of two joiners of one thread one succeeds and the other gets ESRCH.
TEST_P(ThrJoin, S10LetsOneOfTwoJoinersSucceed)
{
    latch::Gate leave;
    int results[2] = {-1, -1};
    blocked::Marker joining[2];
    const thread_t target = start([&] { leave.wait(); });
    thread_t joiners[2] = {};
    for (int i = 0; i < 2; ++i) {
        joiners[i] = start([&, i] {
            joining[i].about_to_wait();
            results[i] = thr_join(target, nullptr, nullptr);
        });
    }
    EXPECT_TRUE(joining[0].seen_waiting());
    EXPECT_TRUE(joining[1].seen_waiting());
    leave.open();
    join(joiners[0]);
    join(joiners[1]);
    EXPECT_TRUE((results[0] == 0 && results[1] == ESRCH) ||
                (results[0] == ESRCH && results[1] == 0))
        << results[0] << " and " << results[1];
}

std::atomic<int> interruptions{0};

void count_interruption(int /*number*/)
{
    interruptions.fetch_add(1);
}

// THR-JOIN-21: a signal handled during the wait does not end it.
TEST_P(ThrJoin, S21ResumesAfterASignalHandler)
{
    interruptions.store(0);
    const ScopedHandler handler{SIGUSR1, count_interruption};
    latch::Gate leave;
    blocked::Marker joining;
    std::atomic<int> result{-1};
    const thread_t target = start([&] { leave.wait(); });
    const thread_t joiner = start([&] {
        joining.about_to_wait();
        result.store(thr_join(target, nullptr, nullptr));
    });
    ASSERT_TRUE(joining.seen_waiting());
    EXPECT_EQ(thr_kill(joiner, SIGUSR1), 0);
    EXPECT_TRUE(bounded::until([] { return interruptions.load() == 1; }));
    EXPECT_TRUE(bounded::holds_for(20ms, [&] { return result.load() == -1; }));
    leave.open();
    join(joiner);
    EXPECT_EQ(result.load(), 0);
}

// THR-JOIN-22: a caller's stack may be reused or freed after the join.
TEST_P(ThrJoin, S22HasLeftTheCallersStack)
{
    constexpr std::size_t kSize = 32768;
    std::vector<char> stack(kSize);
    for (int round = 0; round < 300; ++round) {
        int ran = 0;
        join(start_on(stack.data(), kSize, [&] { ran = round + 1; }));
        ASSERT_EQ(ran, round + 1);
        std::memset(stack.data(), 0x5a, kSize);
    }
}

// THR-JOIN-23: thr_join is a cancellation point; its target stays joinable.
TEST_P(ThrJoin, S23IsACancellationPoint)
{
    latch::Gate leave;
    blocked::Marker joining;
    std::atomic<pthread_t> handle{};
    int object = 0;
    const thread_t target = start([&]() -> void* {
        leave.wait();
        return &object;
    });
    const thread_t joiner = start([&] {
        handle.store(pthread_self());
        joining.about_to_wait();
        thr_join(target, nullptr, nullptr);
    });
    ASSERT_TRUE(joining.seen_waiting());
    EXPECT_EQ(pthread_cancel(handle.load()), 0);
    EXPECT_EQ(join(joiner), PTHREAD_CANCELED);
    leave.open();
    EXPECT_EQ(join(target), &object);
}

struct Foreign {
    latch::Gate known;
    latch::Gate leave;
    thread_t id = 0;
};

void* tell_id(void* argument)
{
    auto& self = *static_cast<Foreign*>(argument);
    self.id = thr_self();
    self.known.open();
    self.leave.wait();
    return argument;
}

// THR-JOIN-24: a thread made by pthread_create can be joined with thr_join,
TEST_P(ThrJoin, S24JoinsAThreadMadeByPthreadCreate)
{
    Foreign foreign;
    pthread_t handle{};
    ASSERT_EQ(pthread_create(&handle, nullptr, tell_id, &foreign), 0);
    ASSERT_TRUE(foreign.known.wait());
    foreign.leave.open();
    EXPECT_EQ(join(foreign.id), &foreign);
}

// THR-JOIN-24: and one made by thr_create with pthread_join, while it runs or after its end.
TEST_P(ThrJoin, S24LetsPthreadJoinTakeAThread)
{
    for (const bool ended : {false, true}) {
        int object = 0;
        std::atomic<pthread_t> handle{};
        latch::Gate known;
        latch::Gate leave;
        const thread_t id = start([&]() -> void* {
            handle.store(pthread_self());
            known.open();
            leave.wait();
            return &object;
        });
        ASSERT_TRUE(known.wait());
        leave.open();
        if (ended) {
            EXPECT_TRUE(bounded::until([&] { return !is_alive(id); }));
        }
        void* status = nullptr;
        EXPECT_EQ(pthread_join(handle.load(), &status), 0);
        EXPECT_EQ(status, &object);
        EXPECT_EQ(thr_join(id, nullptr, nullptr), ESRCH);
    }
}

// THR-JOIN-25: pthread_join of a detached thread gives EINVAL.
TEST_P(ThrJoin, S25MakesPthreadJoinFailWithEinvalForADetachedThread)
{
    std::atomic<pthread_t> handle{};
    latch::Gate known;
    latch::Gate leave;
    const thread_t id = start(
        [&] {
            handle.store(pthread_self());
            known.open();
            leave.wait();
        },
        THR_DETACHED);
    ASSERT_TRUE(known.wait());
    EXPECT_EQ(pthread_join(handle.load(), nullptr), EINVAL);
    leave.open();
    EXPECT_TRUE(bounded::until([&] { return !is_alive(id); }));
}

// THR-JOIN-26: a cancelled thread's status is PTHREAD_CANCELED.
TEST_P(ThrJoin, S26ReportsACancelledThread)
{
    std::atomic<pthread_t> handle{};
    latch::Gate known;
    sema_t never{};
    const thread_t id = start([&] {
        handle.store(pthread_self());
        known.open();
        for (;;) {
            sema_wait(&never);
        }
    });
    ASSERT_TRUE(known.wait());
    EXPECT_EQ(pthread_cancel(handle.load()), 0);
    EXPECT_EQ(join(id), PTHREAD_CANCELED);
}

}  // namespace
}  // namespace conformance
