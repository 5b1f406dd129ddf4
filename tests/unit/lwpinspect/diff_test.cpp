#include "model/diff.h"

#include <gtest/gtest.h>

#include "made_snapshot.h"
#include "report/diff_text.h"

using namespace lwpi;

namespace {

using Ids = std::vector<std::uint64_t>;

Snapshot three_waiters()
{
    Snapshot snapshot = made::library_snapshot();
    snapshot.places = {{"cond_wait", 4, "a", "/a", ""}, {"pop", 8, "a", "/a", ""}};
    for (const std::uint64_t id : {1U, 2U, 3U}) {
        ThreadInfo thread = made::blocked(id, WaitKind::kCond, "cond", 0x10, {});
        thread.stack.frames = {{0x100, 0}, {0x200, 1}};
        thread.stack.end = StackEnd::kEntry;
        snapshot.threads.push_back(thread);
    }
    return snapshot;
}

}  // namespace

TEST(Diff, TellsNewGoneRunAndStillApart)
{
    const Snapshot before = three_waiters();
    Snapshot after = made::later(before, 5 * made::kSecond);
    after.threads[1].seq += 2;
    after.threads.erase(after.threads.begin());
    after.threads.push_back(made::running(4));
    const Diff diff = diff_of(before, after);
    EXPECT_EQ(diff.added, Ids{4});
    EXPECT_EQ(diff.gone, Ids{1});
    EXPECT_EQ(diff.ran, Ids{2});
    EXPECT_EQ(diff.still, Ids{3});
    EXPECT_EQ(diff.apart_ns, 5 * made::kSecond);
    ASSERT_EQ(diff.groups.size(), 2U);
    EXPECT_EQ(diff.groups[0].before, 3U);
    EXPECT_EQ(diff.groups[0].after, 2U);
    EXPECT_EQ(only_still(diff, after).threads.size(), 1U);
}

TEST(Diff, FindsNoDifferenceWhereThereIsNone)
{
    const Snapshot before = three_waiters();
    const Diff diff = diff_of(before, made::later(before, 5));
    EXPECT_TRUE(diff.is_same());
    EXPECT_EQ(diff.still, (Ids{1, 2, 3}));
}

TEST(Diff, AThreadOnAnLwpIsAsStillAsTheLwp)
{
    Snapshot before = made::library_snapshot();
    ThreadInfo reader = made::running(1);
    reader.tid = 10;
    before.threads = {reader};
    LwpInfo lwp = made::lwp_on_mutex(10, 0x100, {});
    lwp.thread = 1;
    lwp.cpu_ns = 7;
    before.lwps = {lwp};
    Snapshot after = made::later(before, 5);
    EXPECT_EQ(diff_of(before, after).still, Ids{1});
    after.lwps[0].cpu_ns = 8;
    EXPECT_EQ(diff_of(before, after).ran, Ids{1});
    after = made::later(before, 5);
    ++*after.lwps[0].voluntary_switches;
    EXPECT_EQ(diff_of(before, after).ran, Ids{1});
}

TEST(Diff, ComparesLwpsWithoutTheLibrary)
{
    Snapshot before;
    before.lwps = {made::lwp_on_mutex(10, 0x100, {}), made::lwp_on_mutex(11, 0x100, {})};
    Snapshot after = before;
    after.taken_ns = 9;
    after.lwps[1].tid = 12;
    const Diff diff = diff_of(before, after);
    EXPECT_TRUE(diff.lwps);
    EXPECT_EQ(diff.still, Ids{10});
    EXPECT_EQ(diff.added, Ids{12});
    EXPECT_EQ(diff.gone, Ids{11});
}

TEST(Diff, AsText)
{
    const Snapshot before = three_waiters();
    Snapshot after = made::later(before, 5 * made::kSecond);
    after.threads[1].seq += 2;
    after.threads.erase(after.threads.begin());
    const std::string text = diff_text(diff_of(before, after), after, UseColour::kNo);
    EXPECT_EQ(text,
              "5.0s apart\n"
              "new           0  \n"
              "gone          1  #1\n"
              "ran           1  #2\n"
              "not run       1  #3\n"
              "\n"
              "stacks that became more or fewer\n"
              "     3 -> 2       blocked  cond 0x10\n"
              "                  cond_wait < pop\n"
              "\n"
              "not run in between\n"
              "     1  blocked  cond 0x10  up to 8.0s   #3\n"
              "        cond_wait < pop < [entry]\n");
}
