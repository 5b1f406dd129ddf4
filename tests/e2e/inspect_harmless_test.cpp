// What lwpinspect must not do to a process: interrupt its calls, or leave it stopped.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include <random>
#include <thread>

#include "e2e/inspect_support.h"

namespace {

using inspect_test::inspect;
using inspect_test::Target;

TEST(InspectHarmless, InterruptsNoSleepingCall)
{
    Target target({BLOCKING_CALLS_PROGRAM});
    ASSERT_TRUE(target.is_ready());
    // Only sleeping tasks are promised to be left alone: wait until all of them sleep.
    ASSERT_TRUE(
        inspect_test::until([&] { return inspect_test::task_states(target.pid()) == "SSSSSSS"; }));
    for (int i = 0; i < 20; ++i) {
        const auto result = inspect({"stack", std::to_string(target.pid()), "--json"});
        ASSERT_EQ(result.exit_code, 0) << result.err;
        ASSERT_EQ(result.json().back()["paused_lwps"], 0);
    }
    target.close_input();
    EXPECT_EQ(target.next_line(), "end");  // a call that came back would have printed before
}

TEST(InspectHarmless, LeavesNothingStoppedWhenKilledAtAnyTime)
{
    Target target({ORACLE_PROGRAM, "spin"});
    ASSERT_TRUE(target.is_ready());
    std::mt19937 random(1);
    std::uniform_int_distribution<int> delay_us(0, 30'000);
    for (int i = 0; i < inspect_test::rounds(60); ++i) {
        const pid_t tool = inspect_test::start_inspect({"stack", std::to_string(target.pid())});
        // The moment of death is what is varied: no condition to wait for.
        std::this_thread::sleep_for(std::chrono::microseconds(delay_us(random)));
        ::kill(tool, SIGKILL);
        ASSERT_EQ(::waitpid(tool, nullptr, 0), tool);
        ASSERT_TRUE(inspect_test::until([&] {
            const auto states = inspect_test::task_states(target.pid());
            return states.find_first_of("tT") == std::string::npos;
        })) << inspect_test::task_states(target.pid());
    }
    // It still does its work: its spinning thread gets CPU time, and it ends when told to.
    const auto result = inspect({"ps", std::to_string(target.pid())});
    EXPECT_EQ(result.exit_code, 0) << result.err;
}

// A target that dies at any moment gives a code and a sentence, never a hang or a crash.
TEST(InspectHarmless, SurvivesTheEndOfTheTargetAtAnyTime)
{
    std::mt19937 random(3);
    std::uniform_int_distribution<int> delay_us(0, 20'000);
    for (int i = 0; i < inspect_test::rounds(30); ++i) {
        Target target({ORACLE_PROGRAM, "spin"});
        ASSERT_TRUE(target.is_ready());
        const char* const mode = i % 2 == 0 ? "-S" : "-q";
        const pid_t tool =
            inspect_test::start_inspect({mode, "stack", std::to_string(target.pid())});
        // The moment of death is what is varied: no condition to wait for.
        std::this_thread::sleep_for(std::chrono::microseconds(delay_us(random)));
        target.kill();
        int status = 0;
        ASSERT_EQ(::waitpid(tool, &status, 0), tool);
        ASSERT_TRUE(WIFEXITED(status)) << WTERMSIG(status);
        const int code = WEXITSTATUS(status);
        EXPECT_TRUE(code == 0 || code == 3 || code == 4 || code == 8) << code;
    }
}

TEST(InspectHarmless, LeavesAStoppedProcessStopped)
{
    Target target({ORACLE_PROGRAM, "spin"});
    ASSERT_TRUE(target.is_ready());
    // "ready" does not say that every thread has run: the spinner has.
    ASSERT_TRUE(inspect_test::until([&] {
        const auto look = inspect({"stack", std::to_string(target.pid())});
        return look.out.find("spinner_main") != std::string::npos;
    }));
    ASSERT_EQ(::kill(target.pid(), SIGSTOP), 0);
    const auto all_stopped = [&] {
        return inspect_test::task_states(target.pid()).find_first_not_of('T') == std::string::npos;
    };
    ASSERT_TRUE(inspect_test::until(all_stopped));
    const auto result = inspect({"stack", std::to_string(target.pid())});
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_NE(result.err.find("it will stay so"), std::string::npos) << result.err;
    EXPECT_NE(result.out.find("spinner_main"), std::string::npos) << result.out;
    EXPECT_TRUE(all_stopped());
}

TEST(InspectHarmless, SaysWhenTheProcessHasGone)
{
    Target target({ORACLE_PROGRAM});
    ASSERT_TRUE(target.is_ready());
    const std::string pid = std::to_string(target.pid());
    target.kill();
    const auto result = inspect({"ps", pid});
    EXPECT_EQ(result.exit_code, 3);
    EXPECT_EQ(result.err, "lwpinspect: no process " + pid + ".\n");
}

}  // namespace
