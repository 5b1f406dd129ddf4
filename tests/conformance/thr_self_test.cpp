// thr_self(3C).
#include <thread.h>

#include <unistd.h>

#include <vector>

#include "conformance/fixture.h"

namespace conformance {
namespace {

class ThrSelf : public ThreadTest {};

INSTANTIATE_TEST_SUITE_P(Threads, ThrSelf, bindings(), binding_name);

// THR-SELF-01: the initial thread is 1, and no other is.
TEST_P(ThrSelf, S01IsOneInTheInitialThread)
{
    EXPECT_EQ(thr_self(), 1U);
    thread_t other = 0;
    join(start([&] { other = thr_self(); }));
    EXPECT_GT(other, 1U);
}

int first_ids()
{
    thread_t ids[3] = {};
    for (thread_t& id : ids) {
        const auto nothing = [](void* argument) { return argument; };
        thr_create(nullptr, 0, nothing, nullptr, child::argument(), &id);
        thr_join(id, nullptr, nullptr);
    }
    return thr_self() == 1 && ids[0] == 2 && ids[1] == 3 && ids[2] == 4 ? 0 : 1;
}

const child::Program counts_ids{"counts_ids", first_ids};

// THR-SELF-01: programs use ids as indices, so the threads after main are 2, 3 and 4.
TEST_P(ThrSelf, S01IsDense)
{
    const child::Outcome outcome = child::run(counts_ids, {.argument = binding()});
    EXPECT_EQ(outcome.exit_status, 0) << outcome.describe();
}

// THR-SELF-02: the id stays the same wherever the thread runs: here over yields, waits for other
// threads and blocking system calls.
TEST_P(ThrSelf, S02IsStable)
{
    constexpr int kThreads = 8;
    constexpr int kRounds = 200;
    latch::Counter turn;
    std::atomic<int> changes{0};
    std::vector<thread_t> ids;
    for (int i = 0; i < kThreads; ++i) {
        ids.push_back(start([&, i] {
            const thread_t self = thr_self();
            for (int round = 0; round < kRounds; ++round) {
                const int wanted = round * kThreads + i;
                EXPECT_TRUE(turn.wait_for([wanted](int now) { return now >= wanted; }));
                changes.fetch_add(thr_self() == self ? 0 : 1);
                turn.add(1);
                thr_yield();
                changes.fetch_add(thr_self() == self ? 0 : 1);
            }
            usleep(100);
            changes.fetch_add(thr_self() == self ? 0 : 1);
        }));
    }
    for (const thread_t id : ids) {
        join(id);
    }
    EXPECT_EQ(changes.load(), 0);
}

}  // namespace
}  // namespace conformance
