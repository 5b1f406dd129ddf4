// Which thread an LWP runs next, and which ones come along. With made-up LWPs and threads: the
// process has no pool.
#include <gtest/gtest.h>

#include <array>
#include <cstdint>

#include "lwp/pool.h"
#include "sched/dispatch.h"
#include "sched/run_queue.h"
#include "sched/shared_queues.h"
#include "sched/thread.h"

namespace lt {
namespace {

constexpr std::uint32_t kThreads = 104;
constexpr std::uint32_t kPicks = 1000;  // enough for one look at the other's queue, not for three

struct Pool {
    RunQueue queues[2];
    Lwp lwps[2];
    std::array<Thread, kThreads> threads;

    Pool()
    {
        for (int i = 0; i < 2; ++i) {
            lwps[i].run_queue = &queues[i];
            EXPECT_TRUE(pool_members.add(lwps[i]));
        }
    }
    ~Pool()
    {
        pool_members.remove(lwps[0]);
        pool_members.remove(lwps[1]);
    }
    Pool(const Pool&) = delete;
    Pool& operator=(const Pool&) = delete;

    // So many picks of the first LWP; whoever was picked yields.
    void run()
    {
        for (std::uint32_t i = 0; i < kPicks; ++i) {
            Thread* thread = pick_next(lwps[0]);
            ASSERT_NE(thread, nullptr);
            ASSERT_TRUE(queues[0].push(*thread));
        }
    }
};

TEST(Picking, AnLwpWithFewThreadsTakesOverHalfOfWhatAnotherHasMore)
{
    constexpr std::uint32_t kFew = 4;
    static Pool pool;
    for (std::uint32_t i = 0; i < kThreads; ++i) {
        ASSERT_TRUE(pool.queues[i < kFew ? 0 : 1].push(pool.threads[i]));
    }
    pool.run();
    EXPECT_EQ(pool.queues[0].size(), kThreads / 2);
    EXPECT_EQ(pool.queues[1].size(), kThreads / 2);
    pool.run();
    EXPECT_EQ(pool.queues[0].size(), kThreads / 2) << "even queues stay as they are";
}

// They are joined or run where they were made, and are in the cache there.
TEST(Picking, ThreadsThatHaveNotRunYetStayWithTheLwpThatMadeThem)
{
    static Pool pool;
    ASSERT_TRUE(pool.queues[0].push(pool.threads[0]));
    for (std::uint32_t i = 1; i < kThreads; ++i) {
        RunQueue::offer(pool.threads[i]);
        ASSERT_TRUE(pool.queues[1].push(pool.threads[i], true));
    }
    pool.run();
    EXPECT_EQ(pool.queues[0].size(), 1U);
    EXPECT_EQ(pool.queues[1].size(), kThreads - 1);
}

// Else the entry would look like work for others, in a queue that stands still.
TEST(Picking, AJoinerOfALoneThreadLeavesNoEntryBehind)
{
    static Pool pool;
    for (std::uint32_t joins = 1; joins < kThreads; ++joins) {
        RunQueue::offer(pool.threads[0]);
        ASSERT_TRUE(pool.queues[0].push(pool.threads[0], true));
        EXPECT_TRUE(pool.queues[0].claim_newest(pool.threads[0]));
        ASSERT_EQ(pool.queues[0].size(), 0U);
        ASSERT_EQ(pool.queues[0].taken(), joins) << "it moves";
    }
    EXPECT_EQ(pool.queues[0].take(), nullptr);
}

TEST(Picking, ThreadsThatWaitForAnyLwpComeInTheirOrderAndSeveralAtOnce)
{
    static Pool pool;
    for (Thread& thread : pool.threads) {
        shared_queues.push(thread);
    }
    for (Thread& thread : pool.threads) {
        EXPECT_EQ(pick_next(pool.lwps[0]), &thread);
        EXPECT_EQ(thread.next, nullptr);
        EXPECT_LT(shared_queues.size(), kThreads / 2) << "a share came along";
    }
    EXPECT_EQ(pick_next(pool.lwps[0]), nullptr);
}

}  // namespace
}  // namespace lt
