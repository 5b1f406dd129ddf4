// The reader on descriptors made by hand: whole, odd and hostile ones.
#include <gtest/gtest.h>

#include "e2e/inspect_support.h"
#include "reader/snapshot_taker.h"

using namespace lwpi;
using inspect_test::Target;

namespace {

Snapshot take(const char* name)
{
    const Target target({FAKE_LIBRARY_PROGRAM, name});
    EXPECT_TRUE(target.is_ready()) << name;
    // Its one LWP, in read().
    EXPECT_TRUE(
        inspect_test::until([&] { return inspect_test::task_states(target.pid()) == "S"; }));
    SnapshotRequest request;
    request.stacks = Stacks::kAll;
    return open_live(target.pid(), Demangle::kYes)->take(request);
}

std::vector<std::string> functions(const Snapshot& snapshot, const Stack& stack)
{
    std::vector<std::string> names;
    for (const Frame& frame : stack.frames) {
        names.push_back(snapshot.place(frame).function);
    }
    return names;
}

ExitCode worst(const Snapshot& snapshot)
{
    for (const Note& note : snapshot.notes) {
        if (note.code != ExitCode::kDone) {
            return note.code;
        }
    }
    return ExitCode::kDone;
}

}  // namespace

TEST(Reader, ReadsAWholeDescriptor)
{
    const Snapshot snapshot = take("whole");
    EXPECT_EQ(snapshot.process.library.state, LibraryState::kPresent);
    EXPECT_EQ(snapshot.process.library.version, "9.9 fake");
    EXPECT_GT(snapshot.process.library.fields_missing, 0U);
    ASSERT_EQ(snapshot.threads.size(), 5U);
    for (const ThreadInfo& thread : snapshot.threads) {
        EXPECT_EQ(thread.name, "worker-" + std::to_string(thread.id));
        EXPECT_EQ(thread.state, ThreadState::kBlocked);
        EXPECT_EQ(thread.wait.kind, WaitKind::kCond);
        EXPECT_EQ(thread.wait.object_name, "fake_debug");
        EXPECT_FALSE(thread.switches);  // not provided: unknown, not 0
        EXPECT_EQ(functions(snapshot, thread.stack),
                  (std::vector<std::string>{"fake_resume", "fake_entry"}));
        EXPECT_EQ(thread.stack.end, StackEnd::kEntry);
    }
}

TEST(Reader, SaysWhyItShowsLwpsOnly)
{
    struct Case {
        const char* name;
        LibraryState state;
        ExitCode code;
    };
    for (const Case& one : {Case{"not-started", LibraryState::kNotStarted, ExitCode::kDone},
                            Case{"major", LibraryState::kOtherMajor, ExitCode::kOtherVersion},
                            Case{"parent", LibraryState::kForkedChild, ExitCode::kDone},
                            Case{"magic", LibraryState::kDamaged, ExitCode::kPartial},
                            Case{"count", LibraryState::kDamaged, ExitCode::kPartial},
                            Case{"slabs", LibraryState::kDamaged, ExitCode::kPartial},
                            Case{"names", LibraryState::kDamaged, ExitCode::kPartial},
                            Case{"address", LibraryState::kDamaged, ExitCode::kPartial},
                            Case{"width", LibraryState::kDamaged, ExitCode::kPartial}}) {
        SCOPED_TRACE(one.name);
        const Snapshot snapshot = take(one.name);
        EXPECT_EQ(snapshot.process.library.state, one.state);
        EXPECT_EQ(worst(snapshot), one.code);
        EXPECT_TRUE(snapshot.threads.empty());
        ASSERT_EQ(snapshot.lwps.size(), 1U);
        EXPECT_FALSE(snapshot.lwps[0].stack.frames.empty());
        EXPECT_FALSE(snapshot.notes.empty());
    }
}

TEST(Reader, ReadsANewerMinorVersion)
{
    const Snapshot snapshot = take("minor");
    EXPECT_EQ(snapshot.threads.size(), 5U);
    ASSERT_EQ(snapshot.notes.size(), 1U);
    EXPECT_NE(snapshot.notes[0].text.find("1.9 is newer"), std::string::npos);
}

TEST(Reader, DoesNotBelieveAThreadThatMoves)
{
    const Snapshot snapshot = take("torn");
    ASSERT_EQ(snapshot.threads.size(), 5U);
    EXPECT_EQ(snapshot.threads[1].stack.end, StackEnd::kMoving);
    EXPECT_TRUE(snapshot.threads[1].stack.frames.empty());
    EXPECT_EQ(snapshot.moving_stacks, 1U);
    EXPECT_EQ(snapshot.threads[2].stack.end, StackEnd::kEntry);
}

TEST(Reader, SurvivesWildStackPointersAndBounds)
{
    const Snapshot snapshot = take("stack");
    ASSERT_EQ(snapshot.threads.size(), 5U);
    EXPECT_EQ(snapshot.threads[1].stack.end, StackEnd::kMemory);
    EXPECT_EQ(snapshot.threads[2].stack.frames.size(), 2U);
    EXPECT_EQ(snapshot.threads[3].stack.end, StackEnd::kMemory);
    EXPECT_EQ(snapshot.threads[4].stack.end, StackEnd::kEntry);
}

TEST(Reader, EndsEndlessStacks)
{
    const Snapshot snapshot = take("loop");
    ASSERT_EQ(snapshot.threads.size(), 5U);
    EXPECT_LE(snapshot.threads[1].stack.frames.size(), 64U);
    EXPECT_GE(snapshot.threads[1].stack.frames.size(), 1U);
    EXPECT_NE(snapshot.threads[1].stack.end, StackEnd::kEntry);
}

TEST(Reader, NamesStatesItDoesNotKnow)
{
    const Snapshot snapshot = take("state");
    EXPECT_EQ(snapshot.threads.at(1).state_name, "state_77");
    EXPECT_EQ(snapshot.threads.at(1).state, ThreadState::kUnknown);
}

TEST(Reader, NoEscapeSequenceReachesTheTerminal)
{
    const Target target({FAKE_LIBRARY_PROGRAM, "escape"});
    ASSERT_TRUE(target.is_ready());
    for (const char* verb : {"ps", "stack", "stacks"}) {
        const auto result = inspect_test::inspect({verb, std::to_string(target.pid())});
        EXPECT_EQ(result.exit_code, 0) << result.err;
        EXPECT_EQ(result.out.find_first_of("\x1b\x07"), std::string::npos);
    }
    const auto result = inspect_test::inspect({"ps", std::to_string(target.pid())});
    EXPECT_NE(result.out.find("a\\x1b]52;c;QQ==\\x07\\xff"), std::string::npos) << result.out;
}

TEST(Reader, RefusesKernelThreadsAndDeadPids)
{
    EXPECT_THROW(static_cast<void>(open_live(4'194'303, Demangle::kYes)), TargetError);
}
