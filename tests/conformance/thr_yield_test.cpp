// thr_yield(3C).
#include <thread.h>

#include <chrono>

#include "conformance/fixture.h"

namespace conformance {
namespace {

class ThrYield : public ThreadTest {};

INSTANTIATE_TEST_SUITE_P(Threads, ThrYield, bindings(), binding_name);

// Calls thr_yield, and nothing else that could let another thread run, until `claim` holds.
template <class Claim>
bool yield_until(Claim claim)
{
    const auto end = std::chrono::steady_clock::now() + bounded::kPatience;
    while (!claim()) {
        if (std::chrono::steady_clock::now() > end) {
            return false;
        }
        thr_yield();
    }
    return true;
}

// THR-SELF-06: thr_yield returns, and a ready thread of the same priority runs.
TEST_P(ThrYield, S06LetsAReadyThreadRun)
{
    std::atomic<int> progress{0};
    std::atomic<bool> stop{false};
    const thread_t other = start([&] {
        while (!stop.load()) {
            progress.fetch_add(1);
            thr_yield();
        }
    });
    EXPECT_TRUE(yield_until([&] { return progress.load() >= 100; }));
    stop.store(true);
    join(other);
}

struct Pair {
    std::atomic<int> counters[2] = {};
    std::atomic<bool> stop{false};
};

Pair pair;

// A bound thread's yield is a turn of the processor for each process that waits for it.
constexpr int kTurns = 100;

void* count_and_yield(void* counter)
{
    while (!pair.stop.load()) {
        static_cast<std::atomic<int>*>(counter)->fetch_add(1);
        thr_yield();
    }
    return nullptr;
}

int alternate()
{
    thread_t ids[2] = {};
    for (int i = 0; i < 2; ++i) {
        thr_create(nullptr, 0, count_and_yield, &pair.counters[i], child::argument(), &ids[i]);
    }
    const bool both = yield_until(
        [] { return pair.counters[0].load() >= kTurns && pair.counters[1].load() >= kTurns; });
    pair.stop.store(true);
    thr_join(ids[0], nullptr, nullptr);
    thr_join(ids[1], nullptr, nullptr);
    return both ? 0 : 1;
}

const child::Program alternates{"alternates", alternate};

// THR-SELF-07: with one LWP and no growth two threads that alternate by thr_yield both progress.
TEST_P(ThrYield, S07AlternatesOnOneLwp)
{
    const child::Outcome outcome = child::run(
        alternates, {.environment = {"LIBTHREAD_CONCURRENCY=1", "LIBTHREAD_GROWTH=fixed"},
                     .argument = binding()});
    EXPECT_EQ(outcome.exit_status, 0) << outcome.describe();
}

// THR-SELF-08: with no other thread ready thr_yield returns promptly.
TEST_P(ThrYield, S08ReturnsPromptlyWhenAlone)
{
    // Each on another task, where migration is forced.
    const auto yield_often = [] {
        const auto begin = std::chrono::steady_clock::now();
        for (int i = 0; i < kTurns; ++i) {
            thr_yield();
        }
        return std::chrono::steady_clock::now() - begin;
    };
    EXPECT_LT(yield_often(), bounded::kPatience);
    auto in_thread = std::chrono::steady_clock::duration::max();
    join(start([&] { in_thread = yield_often(); }));
    EXPECT_LT(in_thread, bounded::kPatience);
}

}  // namespace
}  // namespace conformance
