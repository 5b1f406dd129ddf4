// What ended threads leave, and who gets it.
#include "thread/stack_cache.h"

#include <thread.h>

#include <gtest/gtest.h>
#include <pthread.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <iterator>

#include "arch/cpu.h"
#include "lwp/lwp.h"
#include "sched/critical.h"
#include "sched/shared_queues.h"
#include "sched/thread.h"
#include "support/bounded.h"

namespace lt {
namespace {

std::size_t stacks_kept_by(const Lwp& lwp)
{
    std::size_t count = 0;
    for (const Recycled<os::StackSlot>& stacks : lwp.stacks) {
        count += stacks.count;
    }
    return count;
}

// A record and a slot, to be kept by the calling thread's LWP.
struct Left {
    Thread* record = nullptr;
    os::StackSlot* slot = nullptr;
};

Left make_left(Thread& self)
{
    constexpr std::size_t kUsable = 64 * 1024;
    Error error = Error::kNone;
    os::StackSlot* slot = make_slot(kUsable, error);
    const CriticalRegion region{self};
    return {take_record(self), slot};
}

// As threads do that end, and are joined.
void* keep_some(void* lwp)
{
    Thread& self = *current_thread;
    const Left apart = make_left(self);
    const Left together = make_left(self);
    EXPECT_NE(apart.record, nullptr);
    EXPECT_NE(apart.slot, nullptr);
    EXPECT_NE(together.record, nullptr);
    EXPECT_NE(together.slot, nullptr);
    const CriticalRegion region{self};
    keep_record(self, *apart.record);
    keep_slot(self, apart.slot, true);
    together.record->slot = together.slot;
    EXPECT_TRUE(keep_whole(self, *together.record));
    EXPECT_NE(self.lwp->records.count, 0U);
    EXPECT_NE(self.lwp->whole.count, 0U);
    EXPECT_NE(stacks_kept_by(*self.lwp), 0U);
    *static_cast<Lwp**>(lwp) = self.lwp;
    return nullptr;
}

// Records of LWPs are type-stable [I9]: that of one that has ended may be looked at.
TEST(StackCache, AnLwpThatEndsLeavesWhatItKeptToAll)
{
    Lwp* lwp = nullptr;
    thread_t id = 0;
    ASSERT_EQ(thr_create(nullptr, 0, keep_some, &lwp, THR_BOUND, &id), 0);
    ASSERT_EQ(thr_join(id, nullptr, nullptr), 0);
    ASSERT_NE(lwp, nullptr);
    EXPECT_TRUE(bounded::until([lwp] {
        return lwp->records.count == 0 && lwp->whole.count == 0 && stacks_kept_by(*lwp) == 0;
    }));
}

struct Seen {
    bool on_its_stack = false;
    bool has_its_tcb = false;
    bool knows_itself = false;
    std::size_t stack_bytes = 0;
};

void* look_at_own_stack(void* argument)
{
    const Thread& self = *current_thread;
    const auto here = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
    Seen& seen = *static_cast<Seen*>(argument);
    seen.on_its_stack = self.stack_lo <= here && here < self.stack_hi;
    seen.has_its_tcb = self.tcb == arch::thread_pointer();
    seen.knows_itself = self.pthread_id == pthread_self();
    seen.stack_bytes = self.stack_hi - self.stack_lo;
    return nullptr;
}

// A joined thread leaves record and stack in one piece, which only suits who wants the usual stack.
TEST(StackCache, WhatAThreadGetsFitsWhateverTheLastOneHad)
{
    constexpr std::size_t kSmall = 64 * 1024;
    constexpr std::size_t kUsual = std::size_t{2} << 20;
    static char own_stack[kSmall];
    const struct {
        void* base;
        std::size_t size;
        std::size_t least;
        std::size_t most;
    } kinds[] = {{nullptr, 0, kUsual, 2 * kUsual},
                 {own_stack, kSmall, kSmall - 64, kSmall},
                 {nullptr, kSmall, kSmall, kUsual}};
    constexpr int kOrder[] = {0, 0, 1, 0, 2, 0, 1, 1, 2, 2, 1};  // each after each
    for (std::size_t round = 0; round < 100; ++round) {
        const auto& kind = kinds[kOrder[round % std::size(kOrder)]];
        Seen seen;
        thread_t id = 0;
        ASSERT_EQ(thr_create(kind.base, kind.size, look_at_own_stack, &seen, 0, &id), 0);
        ASSERT_EQ(thr_join(id, nullptr, nullptr), 0);
        EXPECT_TRUE(seen.on_its_stack) << round;
        EXPECT_TRUE(seen.has_its_tcb) << round;
        EXPECT_TRUE(seen.knows_itself) << round;
        EXPECT_GE(seen.stack_bytes, kind.least) << round;
        EXPECT_LE(seen.stack_bytes, kind.most) << round;
    }
}

std::atomic<std::uint32_t> ended{0};

void* end(void*)
{
    ++ended;
    return nullptr;
}

// Creates as many threads without pause as it may, and computes until the clock has found it stuck
// and moved those to the shared queues; with the last it rests. Returns how many have ended.
std::uint32_t ended_after_rest()
{
    constexpr std::uint32_t kBeforeRest = 31;
    thr_yield();
    ended = 0;
    for (std::uint32_t i = 0; i < kBeforeRest; ++i) {
        EXPECT_EQ(thr_create(nullptr, 0, end, nullptr, THR_DETACHED, nullptr), 0);
    }
    EXPECT_TRUE(bounded::compute_until([] { return shared_queues.size() >= kBeforeRest; }));
    EXPECT_EQ(thr_create(nullptr, 0, end, nullptr, THR_DETACHED, nullptr), 0);
    const std::uint32_t in_time = ended;
    EXPECT_TRUE(bounded::until([] { return ended == kBeforeRest + 1; }));
    return in_time;
}

// In one of several rounds: the clock may also move those that had come back to the LWP.
TEST(StackCache, ACreatorRestsUntilThreadsThatTheClockMovedHaveEndedToo)
{
    bool all = false;
    for (int round = 0; round < 20 && !all; ++round) {
        all = ended_after_rest() == 32;
    }
    EXPECT_TRUE(all);
}

}  // namespace
}  // namespace lt
