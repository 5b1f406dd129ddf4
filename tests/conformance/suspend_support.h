// What the tests of suspension share: threads that count, and counters that stand still.
#pragma once

#include <thread.h>

#include <atomic>

#include "sync_support.h"

namespace conformance {

// How long a counter is watched that must not move.
inline constexpr auto kStandstill = 20ms;

// A thread counts in one until it is told to end.
struct Counter {
    std::atomic<unsigned long> value{0};
    std::atomic<bool> ends{false};

    // Computes, without a call of the library.
    void compute()
    {
        while (!ends.load()) {
            value.fetch_add(1);
        }
    }

    [[nodiscard]] bool moves()
    {
        const auto before = value.load();
        return bounded::until([&] { return value.load() != before; });
    }

    [[nodiscard]] bool stands_still()
    {
        const auto before = value.load();
        return bounded::holds_for(kStandstill, [&] { return value.load() == before; });
    }
};

class SuspensionTest : public ThreadTest {
  protected:
    thread_t start_counting(Counter& counter)
    {
        const thread_t id = start([&counter] { counter.compute(); });
        EXPECT_TRUE(counter.moves());
        return id;
    }

    static void finish(thread_t id, Counter& counter)
    {
        counter.ends.store(true);
        EXPECT_EQ(thr_continue(id), 0);
        join(id);
    }
};

}  // namespace conformance
