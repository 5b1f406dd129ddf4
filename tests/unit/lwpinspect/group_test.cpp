#include "model/group.h"

#include <gtest/gtest.h>

#include "model/order.h"

using namespace lwpi;

namespace {

Snapshot three_threads()
{
    Snapshot snapshot;
    snapshot.process.library.state = LibraryState::kPresent;
    snapshot.places = {{"cond_wait", 4, "a", "/a", ""},
                       {"pop", 8, "a", "/a", ""},
                       {"", 0x1a, "b.so", "/b.so", ""}};
    for (const std::uint64_t id : {1U, 2U, 3U}) {
        ThreadInfo thread;
        thread.id = id;
        thread.state = ThreadState::kBlocked;
        thread.state_name = "blocked";
        thread.wait = {WaitKind::kCond, "cond", 0x10, "queue", {}, {}, {}, {}};
        thread.since_ns = static_cast<std::int64_t>(id) * 10;
        thread.stack.frames = {{0x100 + id, 0}, {0x200, 1}};
        thread.stack.end = StackEnd::kEntry;
        snapshot.threads.push_back(thread);
    }
    return snapshot;
}

}  // namespace

TEST(Group, TakesEqualStacksTogetherWhateverTheirAddresses)
{
    const auto groups = group_stacks(three_threads(), 0);
    ASSERT_EQ(groups.size(), 1U);
    EXPECT_EQ(groups[0].ids, (std::vector<std::uint64_t>{1, 2, 3}));
    EXPECT_EQ(groups[0].functions, (std::vector<std::string>{"cond_wait", "pop"}));
    EXPECT_EQ(groups[0].longest_ns, 30);
}

TEST(Group, KeepsDifferentObjectsStatesAndFramesApart)
{
    Snapshot snapshot = three_threads();
    for (ThreadInfo& thread : snapshot.threads) {
        thread.wait.kind = WaitKind::kMutex;
    }
    snapshot.threads[0].wait.object = 0x20;
    snapshot.threads[1].stack.frames.push_back({0x300, 2});
    const auto groups = group_stacks(snapshot, 0);
    ASSERT_EQ(groups.size(), 3U);
    EXPECT_EQ(groups[1].functions.back(), "b.so+0x1a");
    EXPECT_EQ(group_stacks(snapshot, 2)[1].end, StackEnd::kLimit);
}

TEST(Group, TakesWaitersOfDifferentConditionsTogether)
{
    Snapshot snapshot = three_threads();
    snapshot.threads[0].wait.object = 0x20;
    const auto groups = group_stacks(snapshot, 0);
    ASSERT_EQ(groups.size(), 1U);
    EXPECT_FALSE(groups[0].wait.object);
    EXPECT_EQ(groups[0].wait.object_name, "");
}

TEST(Group, PutsTheBiggestFirstAndSharedOwnersOnly)
{
    Snapshot snapshot = three_threads();
    snapshot.threads[0].state_name = "ready";
    snapshot.threads[1].wait.owner = Owner{Owner::Kind::kThread, 7};
    const auto groups = group_stacks(snapshot, 0);
    ASSERT_EQ(groups.size(), 2U);
    EXPECT_EQ(groups[0].ids.size(), 2U);
    EXPECT_FALSE(groups[0].wait.owner);
}

TEST(Group, LeavesOutTheLibrarysFunctionsButTheOneThatRuns)
{
    Snapshot snapshot = three_threads();
    snapshot.process.library.module = "/libthread.so";
    snapshot.places[0] = {"lt::settle", 4, "libthread.so", "/libthread.so", ""};
    snapshot.places[1] = {"(anonymous namespace)::leave", 8, "libthread.so", "/libthread.so", ""};
    snapshot.threads.resize(1);
    EXPECT_EQ(group_stacks(snapshot, 0)[0].internal, (std::vector<bool>{true, true}));
    snapshot.threads[0].state = ThreadState::kRunning;
    EXPECT_EQ(group_stacks(snapshot, 0)[0].internal, (std::vector<bool>{false, true}));
}

TEST(Group, GroupsLwpsOfAProcessWithoutTheLibrary)
{
    Snapshot snapshot;
    for (const int tid : {20, 10}) {
        LwpInfo lwp;
        lwp.tid = tid;
        lwp.kernel_state = 'S';
        lwp.syscall = Syscall{0, "read", {}, 0, 0};
        snapshot.lwps.push_back(lwp);
    }
    const auto groups = group_stacks(snapshot, 0);
    ASSERT_EQ(groups.size(), 1U);
    EXPECT_TRUE(groups[0].lwps);
    EXPECT_EQ(groups[0].ids, (std::vector<std::uint64_t>{10, 20}));
    EXPECT_EQ(groups[0].wait.name, "read");
}

TEST(Group, GroupsLwpsByWhatIsAskedForToo)
{
    Snapshot snapshot;
    snapshot.places = {{"read", 4, "libc.so", "/libc.so", ""}, {"f", 8, "a", "/a", ""}};
    for (const int tid : {10, 20, 30}) {
        LwpInfo lwp;
        lwp.tid = tid;
        lwp.kernel_state = tid == 30 ? 'R' : 'S';
        lwp.syscall = Syscall{0, tid == 20 ? "read" : "poll", {}, 0, 0};
        lwp.stack.frames = {{0x100U, tid == 10 ? 0U : 1U}};
        snapshot.lwps.push_back(lwp);
    }
    const auto ids = [&](GroupBy by) {
        std::vector<std::vector<std::uint64_t>> groups;
        for (const Group& group : group_threads(snapshot, by)) {
            EXPECT_TRUE(group.lwps);
            groups.push_back(group.ids);
        }
        return groups;
    };
    using Ids = std::vector<std::vector<std::uint64_t>>;
    EXPECT_EQ(ids(GroupBy::kState), (Ids{{10, 20}, {30}}));
    EXPECT_EQ(ids(GroupBy::kWait), (Ids{{10}, {20}, {30}}));
    EXPECT_EQ(ids(GroupBy::kTop), (Ids{{20, 30}, {10}}));
    EXPECT_EQ(ids(GroupBy::kStart), (Ids{{10, 20, 30}}));
}

TEST(Group, ByWhatIsAskedFor)
{
    Snapshot snapshot = three_threads();
    snapshot.threads[0].start_function = "reader";
    snapshot.threads[1].start_function = "writer";
    snapshot.threads[2].start_function = "reader";
    snapshot.threads[0].creator = 0;
    snapshot.threads[1].creator = 7;
    snapshot.threads[2].creator = 0;
    EXPECT_EQ(group_threads(snapshot, GroupBy::kStack).size(), 1U);
    const auto starts = group_threads(snapshot, GroupBy::kStart);
    ASSERT_EQ(starts.size(), 2U);
    EXPECT_EQ(starts[0].functions, (std::vector<std::string>{"reader"}));
    EXPECT_EQ(starts[0].ids, (std::vector<std::uint64_t>{1, 3}));
    EXPECT_EQ(starts[0].longest_ns, 30);
    EXPECT_EQ(group_threads(snapshot, GroupBy::kCreator)[0].functions.front(),
              "not made by libthread");
    EXPECT_EQ(group_threads(snapshot, GroupBy::kCreator)[1].functions.front(), "made by #7");
    EXPECT_EQ(group_threads(snapshot, GroupBy::kTop).size(), 1U);
    snapshot.threads[2].state_name = "ready";
    EXPECT_EQ(group_threads(snapshot, GroupBy::kState).size(), 2U);
    EXPECT_EQ(group_threads(snapshot, GroupBy::kWait)[0].wait.name, "cond");
}

TEST(Group, FiltersLookAtNameLwpAndAge)
{
    Snapshot snapshot = three_threads();
    snapshot.threads[1].name = "worker-2";
    snapshot.threads[2].lwp = 3;
    StackFilter filter;
    filter.name = Pattern("^worker");
    EXPECT_TRUE(matches(filter, snapshot, snapshot.threads[1]));
    EXPECT_FALSE(matches(filter, snapshot, snapshot.threads[0]));
    filter = {};
    filter.lwp = 3;
    EXPECT_TRUE(matches(filter, snapshot, snapshot.threads[2]));
    EXPECT_FALSE(matches(filter, snapshot, snapshot.threads[1]));
    filter = {};
    filter.min_age_ns = 20;
    EXPECT_TRUE(matches(filter, snapshot, snapshot.threads[1]));
    EXPECT_FALSE(matches(filter, snapshot, snapshot.threads[0]));
}
