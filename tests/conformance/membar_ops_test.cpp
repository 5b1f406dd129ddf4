// membar_ops(3C): what one thread writes, in the order in which another sees it.
#include <atomic.h>

#include <memory>

#include "conformance/fixture.h"

namespace conformance {
namespace {

constexpr int kMembarRounds = 20000;

// Relaxed accesses, so that only the barriers order anything.
using Cell = std::atomic<int>;

int look(const Cell& cell)
{
    return cell.load(std::memory_order_relaxed);
}

void put(Cell& cell, int value)
{
    cell.store(value, std::memory_order_relaxed);
}

class MembarOps : public ThreadTest {};

INSTANTIATE_TEST_SUITE_P(Threads, MembarOps, bindings(), binding_name);

// COMP-17: who sees the flag and calls membar_consumer sees the data written before
// membar_producer.
TEST_P(MembarOps, S17PublishesDataBeforeItsFlag)
{
    alignas(64) Cell data{0};
    alignas(64) Cell flag{0};
    int stale = 0;
    const thread_t consumer = start([&] {
        for (int seen = 0; seen < kMembarRounds;) {
            const int now = look(flag);
            membar_consumer();
            stale += look(data) < now ? 1 : 0;
            if (now == seen) {
                thr_yield();
            }
            seen = now;
        }
    });
    const thread_t producer = start([&] {
        for (int round = 1; round <= kMembarRounds; ++round) {
            put(data, round);
            membar_producer();
            put(flag, round);
        }
    });
    join(producer);
    join(consumer);
    EXPECT_EQ(stale, 0);
}

// COMP-17: of two threads that each store and then look at the other's store, with membar_enter
// between, one sees it; membar_exit keeps what came before in front of the store that follows.
TEST_P(MembarOps, S17OrdersAStoreBeforeLoads)
{
    struct Round {
        Cell mine{0};
        Cell other{0};
        int saw[2] = {1, 1};
    };
    const auto rounds = std::make_unique<Round[]>(kMembarRounds);
    Cell ready{0};
    const auto work = [&](int side) {
        ready.fetch_add(1);
        for (int tries = 0; look(ready) < 2 && tries < 1000; ++tries) {
            thr_yield();
        }
        for (int index = 0; index < kMembarRounds; ++index) {
            Round& round = rounds[static_cast<std::size_t>(index)];
            put(side == 0 ? round.mine : round.other, 1);
            membar_enter();
            round.saw[side] = look(side == 0 ? round.other : round.mine);
            membar_exit();
        }
    };
    const thread_t first = start([&] { work(0); });
    const thread_t second = start([&] { work(1); });
    join(first);
    join(second);
    int both_missed = 0;
    for (int index = 0; index < kMembarRounds; ++index) {
        const Round& round = rounds[static_cast<std::size_t>(index)];
        both_missed += round.saw[0] == 0 && round.saw[1] == 0 ? 1 : 0;
    }
    EXPECT_EQ(both_missed, 0);
}

}  // namespace
}  // namespace conformance
