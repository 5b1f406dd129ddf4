// Objects, wait chains, and how they are shown.
#include "model/graph.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "made_snapshot.h"
#include "report/graph_text.h"

using namespace lwpi;

namespace {

Party user(std::uint64_t id)
{
    return {Party::Kind::kThread, id};
}

// 2 and 3 wait for a mutex of 4, which waits for a rwlock of 5, which runs; 6 waits on a condition.
Snapshot a_chain()
{
    Snapshot snapshot = made::library_snapshot();
    ThreadInfo runner = made::running(5);
    runner.name = "loader";
    runner.tid = 10;
    snapshot.threads = {made::on_mutex(2, 0x100, 4), made::on_mutex(3, 0x100, 4),
                        made::blocked(4, WaitKind::kReadLock, "rdlock", 0x200, 5), runner,
                        made::blocked(6, WaitKind::kCond, "cond", 0x300, {})};
    snapshot.threads[0].wait.object_name = "cache_lock";
    snapshot.threads[1].wait.object_name = "cache_lock";
    snapshot.threads[1].since_ns = 5 * made::kSecond;
    LwpInfo lwp;
    lwp.tid = 10;
    lwp.thread = 5;
    lwp.kernel_state = 'R';
    snapshot.lwps = {lwp};
    return snapshot;
}

std::string chain_from(const Snapshot& snapshot, Party party)
{
    const WaitGraph graph(snapshot);
    return chain_text(graph, chain_of(graph, party), UseColour::kNo);
}

}  // namespace

TEST(Objects, HaveTheirWaitersAndHolders)
{
    const Snapshot snapshot = a_chain();
    const WaitGraph graph(snapshot);
    const auto objects = objects_of(graph);
    ASSERT_EQ(objects.size(), 3U);
    EXPECT_EQ(objects[0].name, "cache_lock");
    EXPECT_EQ(objects[0].waiters.size(), 2U);
    EXPECT_EQ(objects[0].owner, user(4));
    EXPECT_EQ(objects[0].longest_ns, 5 * made::kSecond);
    EXPECT_TRUE(objects[0].is_lock);
    EXPECT_EQ(objects[1].kind, "cond");
    EXPECT_FALSE(objects[1].is_lock);
    EXPECT_EQ(objects[2].kind, "rwlock");
    EXPECT_EQ(objects_text(graph, {objects[0]}, UseColour::kNo),
              "WAITERS  LONGEST  ADDRESS  OBJECT            HELD BY  WHICH IS\n"
              "      2     5.0s  0x100    mutex cache_lock  #4       blocked\n");
}

TEST(Objects, ReadersAndWritersOfALockAreAtOneObject)
{
    Snapshot snapshot = made::library_snapshot();
    snapshot.threads = {made::blocked(1, WaitKind::kReadLock, "rdlock", 0x200, 5),
                        made::blocked(2, WaitKind::kWriteLock, "wrlock", 0x200, 5)};
    const auto objects = objects_of(WaitGraph(snapshot));
    ASSERT_EQ(objects.size(), 1U);
    EXPECT_EQ(objects[0].waiters[1].wait, "wrlock");
}

TEST(Chain, EndsAtWhoCouldGoOn)
{
    EXPECT_EQ(chain_from(a_chain(), user(2)),
              "#2  waits 3.0s for mutex cache_lock\n"
              "  held by #4, which waits 3.0s for rdlock 0x200\n"
              "    held by #5 loader, which runs on LWP 10\n");
}

TEST(Chain, SaysThatAnyoneMaySignal)
{
    EXPECT_EQ(chain_from(a_chain(), user(6)),
              "#6  waits 3.0s for cond 0x300\n"
              "  to be ended by whoever signals it\n");
}

TEST(Chain, SaysWhereTheHolderSleeps)
{
    Snapshot snapshot = a_chain();
    snapshot.lwps[0].kernel_state = 'S';
    snapshot.lwps[0].syscall = Syscall{3, "close", {9, 0, 0, 0, 0, 0}, 0, 0};
    EXPECT_EQ(chain_from(snapshot, user(4)),
              "#4  waits 3.0s for rdlock 0x200\n"
              "  held by #5 loader, which sleeps on LWP 10 in close(9)\n");
    // The LWP stands for the thread it carries.
    EXPECT_EQ(chain_from(snapshot, {Party::Kind::kLwp, 10}),
              "#5 loader  sleeps on LWP 10 in close(9)\n");
}

TEST(Chain, ShowsACircleOnce)
{
    Snapshot snapshot = a_chain();
    snapshot.threads[2].wait.owner->id = 2;
    EXPECT_EQ(chain_from(snapshot, user(3)),
              "#3  waits 5.0s for mutex cache_lock\n"
              "  held by #4, which waits 3.0s for rdlock 0x200\n"
              "    held by #2, which waits 3.0s for mutex cache_lock\n"
              "      held by #4: a cycle\n");
}

TEST(Chain, EndsAtAHolderThatIsNoMore)
{
    Snapshot snapshot = a_chain();
    snapshot.threads[2].wait.owner->id = 99;
    EXPECT_EQ(chain_from(snapshot, user(4)),
              "#4  waits 3.0s for rdlock 0x200\n"
              "  held by #99, which has ended\n");
}

TEST(Chain, NamesTheReadersAsReaders)
{
    Snapshot snapshot = a_chain();
    snapshot.threads[2].wait.owner.reset();
    snapshot.threads[2].wait.readers = 2;
    EXPECT_EQ(chain_from(snapshot, user(4)),
              "#4  waits 3.0s for rdlock 0x200\n"
              "  held by 2 readers; who reads is not recorded\n");
}

TEST(Chain, AsJson)
{
    const Snapshot snapshot = a_chain();
    const WaitGraph graph(snapshot);
    const auto json = nlohmann::json::parse(chain_json(graph, chain_of(graph, user(2))));
    EXPECT_EQ(json["type"], "chain");
    EXPECT_EQ(json["end"], "running");
    ASSERT_EQ(json["hops"].size(), 3U);
    EXPECT_EQ(json["hops"][0]["wait"]["owner"]["id"], 4);
    EXPECT_TRUE(json["hops"][2]["wait"].is_null());
}

TEST(Findings, AsTextAndJson)
{
    Snapshot snapshot = made::library_snapshot();
    snapshot.threads = {made::on_mutex(5, 0x100, 9), made::on_mutex(9, 0x200, 5)};
    const auto found = suspects(snapshot);
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(finding_text(WaitGraph(snapshot), found[0], true, UseColour::kNo),
              "deadlock: #5, #9 wait for each other\n"
              "    #5  waits 3.0s for mutex 0x100, held by #9\n"
              "    #9  waits 3.0s for mutex 0x200, held by #5\n");
    const auto json = nlohmann::json::parse(finding_json(found[0]));
    EXPECT_EQ(json["rule"], "deadlock");
    EXPECT_EQ(json["members"][1]["who"]["id"], 9);
    EXPECT_EQ(json["members"][1]["wait"]["object"], "0x200");
}
