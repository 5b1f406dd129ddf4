// thr_join(3C): waiting for any thread.
#include <thread.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <vector>

#include "conformance/fixture.h"

namespace conformance {
namespace {

class ThrJoinAny : public ThreadTest {};

INSTANTIATE_TEST_SUITE_P(Threads, ThrJoinAny, bindings(), binding_name);

// THR-JOIN-11: thr_join(0) returns some ended undetached thread and its status.
TEST_P(ThrJoinAny, S11ReturnsSomeEndedThread)
{
    int first = 0;
    int second = 0;
    const thread_t ids[] = {start([&]() -> void* { return &first; }),
                            start([&]() -> void* { return &second; })};
    thread_t departed = 0;
    void* status = nullptr;
    ASSERT_EQ(thr_join(0, &departed, &status), 0);
    const bool was_first = departed == ids[0];
    EXPECT_TRUE(was_first || departed == ids[1]) << departed;
    EXPECT_EQ(status, was_first ? &first : &second);
    join(was_first ? ids[1] : ids[0]);
}

// THR-JOIN-12: each of several dead threads is returned once.
TEST_P(ThrJoinAny, S12ReturnsEachThreadOnce)
{
    std::vector<thread_t> ids;
    for (int i = 0; i < 20; ++i) {
        ids.push_back(start([] {}));
    }
    EXPECT_TRUE(bounded::until([&] { return std::none_of(ids.begin(), ids.end(), is_alive); }));
    std::vector<thread_t> joined;
    thread_t departed = 0;
    while (joined.size() <= ids.size() && thr_join(0, &departed, nullptr) == 0) {
        joined.push_back(departed);
    }
    std::sort(ids.begin(), ids.end());
    std::sort(joined.begin(), joined.end());
    EXPECT_EQ(joined, ids);
}

// THR-JOIN-13: a thread that somebody waits for in particular goes to that waiter.
TEST_P(ThrJoinAny, S13LeavesAThreadToItsSpecificWaiter)
{
    latch::Gate leave_target;
    latch::Gate leave_joiner;
    blocked::Marker joining;
    std::atomic<int> result{-1};
    const thread_t target = start([&] { leave_target.wait(); });
    const thread_t joiner = start([&] {
        joining.about_to_wait();
        result.store(thr_join(target, nullptr, nullptr));
        leave_joiner.wait();
    });
    ASSERT_TRUE(joining.seen_waiting());
    const thread_t helper = start(
        [&] {
            leave_target.open();
            static_cast<void>(bounded::until([&] { return result.load() != -1; }));
            leave_joiner.open();
        },
        THR_DETACHED);
    thread_t departed = 0;
    EXPECT_EQ(thr_join(0, &departed, nullptr), 0);
    EXPECT_EQ(departed, joiner);
    EXPECT_EQ(result.load(), 0);
    EXPECT_TRUE(bounded::until([&] { return !is_alive(helper); }));
}

// THR-JOIN-14: thr_join(0) blocks while undetached threads run.
TEST_P(ThrJoinAny, S14WaitsWhileUndetachedThreadsRun)
{
    latch::Gate leave;
    blocked::Marker joining;
    std::atomic<bool> joined{false};
    std::atomic<thread_t> departed{0};
    const thread_t target = start([&] { leave.wait(); });
    const thread_t joiner = start([&] {
        joining.about_to_wait();
        thread_t id = 0;
        EXPECT_EQ(thr_join(0, &id, nullptr), 0);
        departed.store(id);
        joined.store(true);
    });
    EXPECT_TRUE(joining.seen_waiting());
    EXPECT_FALSE(joined.load());
    leave.open();
    join(joiner);
    EXPECT_EQ(departed.load(), target);
}

// THR-JOIN-15: with only daemons left thr_join(0) gives EDEADLK.
// THR-JOIN-16: with nothing left to join it fails.
TEST_P(ThrJoinAny, S15FailsWithEdeadlkWhenOnlyDaemonsAreLeft)
{
    EXPECT_EQ(thr_join(0, nullptr, nullptr), EDEADLK);
    latch::Gate leave;
    const thread_t daemon = start([&] { leave.wait(); }, THR_DAEMON);
    EXPECT_EQ(thr_join(0, nullptr, nullptr), EDEADLK);
    leave.open();
    EXPECT_TRUE(bounded::until([&] { return !is_alive(daemon); }));
    EXPECT_NE(thr_join(0, nullptr, nullptr), 0);
}

// THR-JOIN-17: a loop over thr_join(0) ends after the last worker.
TEST_P(ThrJoinAny, S17EndsALoopAfterTheLastWorker)
{
    constexpr int kWorkers = 30;
    std::atomic<int> worked{0};
    for (int i = 0; i < kWorkers; ++i) {
        start([&] {
            thr_yield();
            worked.fetch_add(1);
        });
    }
    int joined = 0;
    while (thr_join(0, nullptr, nullptr) == 0) {
        ++joined;
    }
    EXPECT_EQ(joined, kWorkers);
    EXPECT_EQ(worked.load(), kWorkers);
}

// THR-JOIN-18: thr_join(0) reports neither daemons nor detached threads.
TEST_P(ThrJoinAny, S18ReportsNeitherDaemonsNorDetachedThreads)
{
    std::vector<thread_t> others;
    std::vector<thread_t> joinable;
    for (int i = 0; i < 10; ++i) {
        others.push_back(start([] {}, THR_DAEMON));
        joinable.push_back(start([] { thr_yield(); }));
        others.push_back(start([] {}, THR_DETACHED));
    }
    std::vector<thread_t> joined;
    thread_t departed = 0;
    while (thr_join(0, &departed, nullptr) == 0) {
        joined.push_back(departed);
    }
    std::sort(joined.begin(), joined.end());
    EXPECT_EQ(joined, joinable);
    EXPECT_TRUE(
        bounded::until([&] { return std::none_of(others.begin(), others.end(), is_alive); }));
}

// THR-JOIN-19: thr_join(0) waits while a detached thread runs, for that may create joinable ones.
TEST_P(ThrJoinAny, S19WaitsForDetachedThreads)
{
    blocked::Marker joining;
    std::atomic<bool> returned{false};
    std::atomic<bool> was_waiting{false};
    const thread_t detached =
        start([&] { was_waiting.store(joining.seen_waiting() && !returned.load()); }, THR_DETACHED);
    joining.about_to_wait();
    EXPECT_EQ(thr_join(0, nullptr, nullptr), EDEADLK);
    returned.store(true);
    EXPECT_TRUE(was_waiting.load());
    EXPECT_FALSE(is_alive(detached));
}

// THR-JOIN-19: and gets the thread that the detached one created.
TEST_P(ThrJoinAny, S19GetsAThreadThatADetachedOneCreated)
{
    blocked::Marker joining;
    std::atomic<thread_t> created{0};
    start(
        [&] {
            EXPECT_TRUE(joining.seen_waiting());
            created.store(start([] {}));
        },
        THR_DETACHED);
    joining.about_to_wait();
    thread_t departed = 0;
    EXPECT_EQ(thr_join(0, &departed, nullptr), 0);
    EXPECT_EQ(thr_join(0, nullptr, nullptr), EDEADLK);
    EXPECT_EQ(departed, created.load());
}

struct Joiners {
    blocked::Marker main_joining;
    std::atomic<int> result{-1};
    latch::Gate leave;
};

void* join_any(void* argument)
{
    auto& joiners = *static_cast<Joiners*>(argument);
    static_cast<void>(joiners.main_joining.seen_waiting());
    joiners.result.store(thr_join(0, nullptr, nullptr));
    joiners.leave.wait();
    return nullptr;
}

// Main and a thread wait for any thread; there is no other.
int both_join_any()
{
    Joiners joiners;
    thread_t other = 0;
    thr_create(nullptr, 0, join_any, &joiners, child::argument(), &other);
    joiners.main_joining.about_to_wait();
    const int mine = thr_join(0, nullptr, nullptr);
    static_cast<void>(bounded::until([&] { return joiners.result.load() != -1; }));
    const int others = joiners.result.load();
    joiners.leave.open();
    thr_join(other, nullptr, nullptr);
    std::printf("main %d, other %d\n", mine, others);
    return mine == EDEADLK && others == EDEADLK ? 0 : 1;
}

const child::Program joiners_only{"joiners_only", both_join_any};

// THR-JOIN-20: two threads in thr_join(0) with no others both get EDEADLK.
TEST_P(ThrJoinAny, S20FailsWithEdeadlkForTwoJoinersAlone)
{
    const child::Outcome outcome = child::run(joiners_only, {.argument = binding()});
    EXPECT_EQ(outcome.exit_status, 0) << outcome.describe();
}

}  // namespace
}  // namespace conformance
