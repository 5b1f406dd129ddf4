#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>

#include "made_snapshot.h"
#include "model/cycles.h"
#include "model/findings.h"

using namespace lwpi;

namespace {

constexpr std::int64_t kMoment = 50'000'000;

std::vector<Finding> looked_at_twice(const Snapshot& snapshot)
{
    return deadlocks(snapshot, made::later(snapshot, kMoment));
}

Snapshot two_in_a_circle()
{
    Snapshot snapshot = made::library_snapshot();
    snapshot.threads = {made::running(1), made::on_mutex(5, 0x100, 9), made::on_mutex(7, 0x100, 9),
                        made::on_mutex(9, 0x200, 5)};
    return snapshot;
}

}  // namespace

TEST(Deadlocks, ACircleWithoutThoseWhoOnlyWaitForIt)
{
    const auto found = looked_at_twice(two_in_a_circle());
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].rule, Rule::kDeadlock);
    ASSERT_EQ(found[0].members.size(), 2U);
    EXPECT_EQ(found[0].members[0].id, 5U);
    EXPECT_EQ(found[0].members[1].id, 9U);
    EXPECT_EQ(found[0].text, "#5, #9 wait for each other");
}

TEST(Deadlocks, NothingThatMovedBetweenTheLooks)
{
    const Snapshot first = two_in_a_circle();
    const auto changed = [&](auto change) {
        Snapshot second = made::later(first, kMoment);
        change(second.threads[1]);
        return deadlocks(first, second).empty();
    };
    EXPECT_FALSE(changed([](ThreadInfo&) {}));
    EXPECT_TRUE(changed([](ThreadInfo& thread) { thread.seq += 2; }));
    EXPECT_TRUE(changed([](ThreadInfo& thread) { ++*thread.switches; }));
    EXPECT_TRUE(changed([](ThreadInfo& thread) { *thread.since_ns -= 1'000'000; }));
    EXPECT_TRUE(changed([](ThreadInfo& thread) { thread.wait.object = 0x300; }));
    EXPECT_TRUE(changed([](ThreadInfo& thread) { thread.wait.owner->id = 1; }));
    EXPECT_TRUE(changed([](ThreadInfo& thread) { thread.state = ThreadState::kReady; }));
}

TEST(Deadlocks, ALockHeldByItsOwnWaiter)
{
    Snapshot snapshot = made::library_snapshot();
    snapshot.threads = {made::on_mutex(5, 0x100, 5)};
    const auto found = looked_at_twice(snapshot);
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].rule, Rule::kSelf);
    EXPECT_EQ(found[0].text, "#5 waits for mutex 0x100, which it holds itself");
}

TEST(Deadlocks, ADeadlineMakesItTimed)
{
    Snapshot snapshot = two_in_a_circle();
    snapshot.threads[3].wait.left_ns = 5;
    const auto found = looked_at_twice(snapshot);
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].rule, Rule::kTimed);
}

TEST(Deadlocks, ObjectsWithoutAnOwnerMakeNoCircle)
{
    Snapshot snapshot = made::library_snapshot();
    snapshot.threads = {made::blocked(1, WaitKind::kCond, "cond", 0x100, {}),
                        made::blocked(2, WaitKind::kSema, "sema", 0x200, {}),
                        made::blocked(3, WaitKind::kWriteLock, "wrlock", 0x300, {}),
                        made::on_mutex(4, 0x400, 1)};
    snapshot.threads[2].wait.readers = 2;
    EXPECT_TRUE(looked_at_twice(snapshot).empty());
}

TEST(Deadlocks, AHolderThatHasEnded)
{
    Snapshot snapshot = made::library_snapshot();
    snapshot.threads = {made::on_mutex(4, 0x400, 77), made::on_mutex(5, 0x400, 77)};
    const auto found = looked_at_twice(snapshot);
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].rule, Rule::kOrphan);
    EXPECT_EQ(found[0].text, "#4, #5 wait for mutex 0x400, held by #77, which has ended");
    // A snapshot with holes proves nothing.
    snapshot.unread_threads = 1;
    EXPECT_TRUE(looked_at_twice(snapshot).empty());
}

TEST(Deadlocks, AJoinOfSomebodyWhoHasJustEndedIsNoOrphan)
{
    Snapshot snapshot = made::library_snapshot();
    ThreadInfo joiner = made::blocked(4, WaitKind::kJoin, "join", 0, 77);
    joiner.wait.object.reset();
    joiner.wait.target = 77;
    snapshot.threads = {joiner};
    EXPECT_TRUE(looked_at_twice(snapshot).empty());
}

TEST(Deadlocks, PthreadMutexesOfLwps)
{
    Snapshot snapshot;
    snapshot.lwps = {made::lwp_on_mutex(10, 0x100, 11), made::lwp_on_mutex(11, 0x200, 10),
                     made::lwp_on_mutex(12, 0x100, 11), made::lwp_on_mutex(13, 0x300, {})};
    const auto found = looked_at_twice(snapshot);
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].rule, Rule::kDeadlock);
    EXPECT_EQ(found[0].text, "LWP 10, LWP 11 wait for each other");
    Snapshot second = snapshot;
    ++*second.lwps[0].voluntary_switches;
    EXPECT_TRUE(deadlocks(snapshot, second).empty());
}

// A user mutex held by a thread whose LWP sleeps on a pthread mutex held by the first one's LWP.
TEST(Deadlocks, ACircleThroughBothKindsOfMutex)
{
    Snapshot snapshot = made::library_snapshot();
    ThreadInfo bound = made::on_mutex(5, 0x100, 9);
    bound.tid = 10;
    ThreadInfo carried = made::running(9);
    carried.tid = 11;
    snapshot.threads = {bound, carried};
    LwpInfo first = made::lwp_on_mutex(10, 0x900, {});
    first.thread = 5;
    LwpInfo second = made::lwp_on_mutex(11, 0x200, 10);
    second.thread = 9;
    snapshot.lwps = {first, second};
    const auto found = looked_at_twice(snapshot);
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].text, "#5, #9 wait for each other");
}

TEST(Deadlocks, APoolThatTheKernelHoldsUp)
{
    Snapshot snapshot = made::library_snapshot();
    ThreadInfo reader = made::running(1);
    reader.tid = 10;
    snapshot.threads = {reader, made::ready(2)};
    snapshot.threads[1].since_ns = made::kSecond;
    LwpInfo lwp;
    lwp.tid = 10;
    lwp.index = 0;
    lwp.state_name = "running";
    lwp.kernel_state = 'S';
    lwp.thread = 1;
    lwp.voluntary_switches = 5;
    lwp.syscall = Syscall{0, "read", {}, 0, 0};
    snapshot.lwps = {lwp};
    const auto found = looked_at_twice(snapshot);
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].rule, Rule::kStarved);
    // The library has a second to make another LWP, or to have run the thread in between.
    Snapshot early = snapshot;
    early.threads[1].since_ns = made::kSecond / 2;
    EXPECT_TRUE(looked_at_twice(early).empty());
    Snapshot later = snapshot;
    later.threads[1].seq += 2;
    EXPECT_TRUE(deadlocks(snapshot, later).empty());
    // One LWP that looks for work is enough.
    lwp.tid = 11;
    lwp.thread.reset();
    lwp.syscall.reset();
    lwp.state_name = "searching";
    snapshot.lwps.push_back(lwp);
    EXPECT_TRUE(looked_at_twice(snapshot).empty());
}

// 1000 circles of 2 to 50 threads among others that wait for members, found each with just its
// members.
TEST(Deadlocks, EveryCircleAmongManyThreads)
{
    std::mt19937 random(7);
    std::uniform_int_distribution<std::size_t> sizes(2, 50);
    Snapshot snapshot = made::library_snapshot();
    std::vector<std::vector<std::uint64_t>> expected;
    std::uint64_t next = 1;
    for (int i = 0; i < 1000; ++i) {
        std::vector<std::uint64_t> ids(sizes(random));
        std::iota(ids.begin(), ids.end(), next);
        next += ids.size() + 1;
        std::shuffle(ids.begin(), ids.end(), random);
        for (std::size_t at = 0; at < ids.size(); ++at) {
            const std::uint64_t holder = ids[(at + 1) % ids.size()];
            snapshot.threads.push_back(made::on_mutex(ids[at], holder * 64, holder));
        }
        snapshot.threads.push_back(made::on_mutex(next - 1, ids[0] * 64, ids[0]));
        std::rotate(ids.begin(), std::min_element(ids.begin(), ids.end()), ids.end());
        expected.push_back(ids);
    }
    std::sort(snapshot.threads.begin(), snapshot.threads.end(),
              [](const ThreadInfo& a, const ThreadInfo& b) { return a.id < b.id; });
    std::vector<std::vector<std::uint64_t>> found;
    for (const Finding& finding : looked_at_twice(snapshot)) {
        std::vector<std::uint64_t> ids;
        for (const Party& party : finding.members) {
            ids.push_back(party.id);
        }
        found.push_back(ids);
    }
    std::sort(found.begin(), found.end());
    EXPECT_EQ(found, expected);
}

// Locks taken in one order make no circle, whoever waits: each state of six threads.
TEST(Deadlocks, NoneInHealthyStates)
{
    constexpr std::uint64_t kThreads = 6;
    constexpr std::uint64_t kStates = 6 * 5 * 4 * 3 * 2;
    for (std::uint64_t state = 0; state < kStates; ++state) {
        Snapshot snapshot = made::library_snapshot();
        std::uint64_t choices = state;
        for (std::uint64_t id = 1; id <= kThreads; ++id) {
            const std::uint64_t later = kThreads - id;
            const std::uint64_t holder = id + choices % (later + 1);
            choices /= later + 1;
            snapshot.threads.push_back(holder == id
                                           ? made::blocked(id, WaitKind::kCond, "cond", 8, {})
                                           : made::on_mutex(id, holder * 64, holder));
        }
        ASSERT_TRUE(suspects(snapshot).empty()) << state;
    }
}

// The same at random, of up to twenty threads and every kind of wait. A sanitizer's build takes its
// time: it looks at fewer.
TEST(Deadlocks, NoneInAHundredThousandHealthyStates)
{
    constexpr int kStates = SANITIZED != 0 ? 5'000 : 100'000;
    constexpr std::uint64_t kMostThreads = 20;
    constexpr WaitKind kOwned[] = {WaitKind::kMutex, WaitKind::kReadLock, WaitKind::kWriteLock,
                                   WaitKind::kJoin};
    constexpr WaitKind kFree[] = {WaitKind::kCond, WaitKind::kSema, WaitKind::kOther};
    std::mt19937 random(11);
    Snapshot snapshot = made::library_snapshot();
    for (int state = 0; state < kStates; ++state) {
        const std::uint64_t count = 2 + random() % (kMostThreads - 1);
        snapshot.threads.clear();
        for (std::uint64_t id = 1; id <= count; ++id) {
            const std::uint64_t holder = id + random() % (count - id + 1);
            snapshot.threads.push_back(
                holder == id
                    ? made::blocked(id, kFree[random() % std::size(kFree)], "object", 8, {})
                    : made::blocked(id, kOwned[random() % std::size(kOwned)], "lock", holder * 64,
                                    holder));
        }
        ASSERT_TRUE(suspects(snapshot).empty()) << state;
    }
}
