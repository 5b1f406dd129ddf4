#include "sync/sleep_queue.h"

#include <gtest/gtest.h>

#include <deque>
#include <set>
#include <vector>

#include "sched/timeouts.h"
#include "sync/cancellation.h"
#include "sync/sleep.h"

namespace lt {
namespace {

// Records that are queued without being anybody's threads. One queue is used for all objects, as
// when their addresses collide.
class SleepQueueOrder : public testing::Test {
  protected:
    Thread& queue_up(const void* object, unsigned priority, WaitKind kind = WaitKind::kMutex,
                     std::uint32_t flags = 0)
    {
        Thread& thread = threads_.emplace_back();
        thread.effective.store(static_cast<std::uint8_t>(priority), memory_order_relaxed);
        WaitSpec spec;
        spec.object = object;
        spec.kind = kind;
        spec.flags = flags;
        const SpinGuard guard{queue_.lock};
        prepare_to_sleep(thread, queue_, spec);
        thread.state.store(ThreadState::kSleeping);
        return thread;
    }

    Thread* take(const void* object)
    {
        const SpinGuard guard{queue_.lock};
        return take_first(queue_, object);
    }

    SleepQueue queue_;
    std::deque<Thread> threads_;
    int a_ = 0;
    int b_ = 0;
    int c_ = 0;
};

TEST_F(SleepQueueOrder, FirstComesFirstPerObject)
{
    std::vector<Thread*> at_a;
    std::vector<Thread*> at_b;
    for (int i = 0; i < 5; ++i) {
        at_a.push_back(&queue_up(&a_, 10));
        at_b.push_back(&queue_up(&b_, 10));
    }
    EXPECT_EQ(take(&c_), nullptr);
    for (Thread* thread : at_b) {
        EXPECT_EQ(take(&b_), thread);
    }
    for (Thread* thread : at_a) {
        EXPECT_EQ(take(&a_), thread);
    }
    EXPECT_EQ(take(&a_), nullptr);
    const SpinGuard guard{queue_.lock};
    const Thread* const left = queue_.head;
    EXPECT_EQ(left, nullptr);
}

TEST_F(SleepQueueOrder, HigherPriorityComesFirst)
{
    Thread& low = queue_up(&a_, 1);
    Thread& middle = queue_up(&a_, 5);
    Thread& high = queue_up(&a_, 9);
    Thread& middle_too = queue_up(&a_, 5);
    Thread& low_too = queue_up(&a_, 1);
    for (Thread* thread : {&high, &middle, &middle_too, &low, &low_too}) {
        EXPECT_EQ(take(&a_), thread);
    }
}

TEST_F(SleepQueueOrder, WritersComeBeforeReadersOfTheirPriority)
{
    Thread& reader = queue_up(&a_, 5, WaitKind::kReadLock);
    Thread& writer = queue_up(&a_, 5, WaitKind::kWriteLock);
    Thread& urgent_reader = queue_up(&a_, 6, WaitKind::kReadLock);
    Thread& lesser_writer = queue_up(&a_, 4, WaitKind::kWriteLock);
    for (Thread* thread : {&urgent_reader, &writer, &reader, &lesser_writer}) {
        EXPECT_EQ(take(&a_), thread);
    }
}

TEST_F(SleepQueueOrder, WhoQueuesAgainGoesBeforeItsEqualsOnly)
{
    Thread& high = queue_up(&a_, 9);
    Thread& middle = queue_up(&a_, 5);
    Thread& low = queue_up(&a_, 1);
    Thread& again = queue_up(&a_, 5, WaitKind::kMutex, kWaitAtFront);
    Thread& last = queue_up(&a_, 0, WaitKind::kMutex, kWaitAtFront);
    Thread& first = queue_up(&a_, 9, WaitKind::kMutex, kWaitAtFront);
    for (Thread* thread : {&first, &high, &again, &middle, &low, &last}) {
        EXPECT_EQ(take(&a_), thread);
    }
}

TEST_F(SleepQueueOrder, AnyoneCanBeTakenOut)
{
    std::vector<Thread*> at_a;
    for (int i = 0; i < 4; ++i) {
        at_a.push_back(&queue_up(&a_, 10));
    }
    Thread& at_b = queue_up(&b_, 10);
    Thread& at_c = queue_up(&c_, 10);
    EXPECT_TRUE(take_thread(*at_a[0]));
    EXPECT_FALSE(take_thread(*at_a[0]));
    EXPECT_TRUE(take_thread(*at_a[2]));
    EXPECT_TRUE(take_thread(at_b));
    EXPECT_EQ(take(&a_), at_a[1]);
    EXPECT_TRUE(take_thread(*at_a[3]));
    EXPECT_EQ(take(&a_), nullptr);
    EXPECT_EQ(take(&b_), nullptr);
    EXPECT_EQ(take(&c_), &at_c);
    EXPECT_FALSE(take_thread(at_c));
}

TEST_F(SleepQueueOrder, WhoOnlyPreparesIsNotTaken)
{
    Thread& thread = queue_up(&a_, 10);
    thread.state.store(ThreadState::kRunning);
    EXPECT_FALSE(take_thread(thread));
    EXPECT_EQ(take(&a_), &thread);
}

// The records stand in queue_, which is nobody's: their priorities change as in set_priority().
TEST_F(SleepQueueOrder, AnotherPriorityIsAnotherPlaceBehindItsEquals)
{
    Thread& low = queue_up(&a_, 1);
    Thread& middle = queue_up(&a_, 5);
    Thread& high = queue_up(&a_, 9);
    Thread& other = queue_up(&b_, 5);
    low.effective.store(5);
    take_place(low);
    high.effective.store(0);
    take_place(high);
    take_place(middle);  // nothing has changed
    for (Thread* thread : {&middle, &low, &high}) {
        EXPECT_EQ(take(&a_), thread);
    }
    take_place(low);  // sleeps no more
    EXPECT_EQ(take(&a_), nullptr);
    EXPECT_EQ(take(&b_), &other);
}

// Threads do not wait for the hook of a deadline that has passed while they woke up: once they did,
// spinning, while the clock LWP was off its CPU.
TEST_F(SleepQueueOrder, ATimeoutThatComesLateLeavesTheNextWaitAlone)
{
    start_sleep_queues();
    Thread& thread = queue_up(&a_, 10);
    const std::uint64_t wait = thread.timed_wait;
    ASSERT_EQ(take(&a_), &thread);
    disarm_timeout(thread);
    {
        WaitSpec spec;
        spec.object = &b_;
        const SpinGuard guard{queue_.lock};
        prepare_to_sleep(thread, queue_, spec);
        thread.state.store(ThreadState::kSleeping);
    }
    EXPECT_FALSE(timeout_hook(thread, wait));
    EXPECT_EQ(take(&b_), &thread);
}

TEST_F(SleepQueueOrder, AMovedSleeperWaitsForTheOtherObject)
{
    Thread& there = queue_up(&b_, 10);
    Thread& moved = queue_up(&a_, 10, WaitKind::kCond, kWaitCancellable);
    ASSERT_EQ(take(&a_), &moved);
    {
        const SpinGuard guard{queue_.lock};
        EXPECT_TRUE(put_sleeping(queue_, moved, &b_, WaitKind::kMutex));
    }
    EXPECT_EQ(moved.wait_flags, 0U);
    EXPECT_EQ(moved.wait_object, &b_);
    EXPECT_EQ(take(&b_), &there);
    EXPECT_EQ(take(&b_), &moved);
}

TEST_F(SleepQueueOrder, WhoWantsAttentionIsNotMoved)
{
    Thread& thread = queue_up(&a_, 10);
    ASSERT_EQ(take(&a_), &thread);
    thread.requests.store(kRequestAttention);
    const SpinGuard guard{queue_.lock};
    EXPECT_FALSE(put_sleeping(queue_, thread, &b_, WaitKind::kMutex));
    EXPECT_FALSE(has_sleeper(queue_, &b_));
}

// Attention had been lowered on the way, by a handler or at the end of a region.
TEST_F(SleepQueueOrder, AnUnseenCancellationLetsNobodyFallAsleep)
{
    Thread& thread = threads_.emplace_back();
    thread.cancel_requested.store(kUnseen);
    WaitSpec spec;
    spec.object = &a_;
    spec.flags = kWaitCancellable;
    queue_.lock.lock();
    EXPECT_EQ(sleep_on(thread, queue_, spec), WakeCause::kCancelled);
    EXPECT_EQ(take(&a_), nullptr);
    EXPECT_TRUE(is_cancelled_unseen(thread));  // until the thread itself has looked
}

TEST(SleepQueues, SpreadNeighbouringObjects)
{
    static char objects[64 * 1024];
    std::set<SleepQueue*> used;
    for (std::size_t i = 0; i < sizeof(objects); i += 64) {
        used.insert(&sleep_queue_of(objects + i));
    }
    EXPECT_GT(used.size(), 750U);  // of 1024
}

}  // namespace
}  // namespace lt
