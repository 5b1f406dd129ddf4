// What ended threads leave, and who gets it.
#include "thread/stack_cache.h"

#include <thread.h>

#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <cstdint>

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

// As creating and joining a thread does.
void* take_and_keep(void* lwp)
{
    constexpr std::size_t kUsable = 64 * 1024;
    Thread& self = *current_thread;
    Error error = Error::kNone;
    os::StackSlot* slot = take_slot(self, kUsable, error);
    EXPECT_NE(slot, nullptr);
    const CriticalRegion region{self};
    Thread* record = take_record(self);
    EXPECT_NE(record, nullptr);
    keep_record(self, *record);
    keep_slot(self, slot, true);
    EXPECT_NE(self.lwp->records.count, 0U);
    EXPECT_NE(stacks_kept_by(*self.lwp), 0U);
    *static_cast<Lwp**>(lwp) = self.lwp;
    return nullptr;
}

// Records of LWPs are type-stable [I9]: that of one that has ended may be looked at.
TEST(StackCache, AnLwpThatEndsLeavesWhatItKeptToAll)
{
    Lwp* lwp = nullptr;
    thread_t id = 0;
    ASSERT_EQ(thr_create(nullptr, 0, take_and_keep, &lwp, THR_BOUND, &id), 0);
    ASSERT_EQ(thr_join(id, nullptr, nullptr), 0);
    ASSERT_NE(lwp, nullptr);
    EXPECT_TRUE(
        bounded::until([lwp] { return lwp->records.count == 0 && stacks_kept_by(*lwp) == 0; }));
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
