// What lwpinspect must not do to a process: interrupt its calls, or leave it stopped.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include <random>
#include <set>
#include <thread>

#include "e2e/inspect_support.h"

namespace {

using inspect_test::inspect;
using inspect_test::Target;

// 28 calls that sleep, each in a thread; some kernels refuse a few of them.
class SleepingCalls : public testing::Test {
  protected:
    SleepingCalls() : target_({BLOCKING_CALLS_PROGRAM}) {}

    void SetUp() override
    {
        constexpr std::size_t kCalls = 28;
        ASSERT_TRUE(target_.is_ready());
        const std::size_t asleep = 1 + kCalls - target_.lines().size();
        ASSERT_GT(asleep, 20U);
        // Only sleeping tasks are promised to be left alone.
        ASSERT_TRUE(inspect_test::until([&] {
            return inspect_test::task_states(target_.pid()) == std::string(asleep, 'S');
        })) << inspect_test::task_states(target_.pid());
    }

    Target target_;
};

class InspectSleepingCalls : public SleepingCalls,
                             public testing::WithParamInterface<const char*> {};

TEST_P(InspectSleepingCalls, AreNotInterrupted)
{
    const std::string pid = std::to_string(target_.pid());
    for (int i = 0; i < inspect_test::rounds(10); ++i) {
        const auto result = inspect({GetParam(), "stack", pid, "--json"});
        ASSERT_EQ(result.exit_code, 0) << result.err;
        ASSERT_EQ(result.json().back()["paused_lwps"], 0);
    }
    target_.close_input();
    EXPECT_EQ(target_.next_line(), "end");  // a call that came back would have printed before
}

INSTANTIATE_TEST_SUITE_P(Modes, InspectSleepingCalls, testing::Values("-q", "-n", "-S"),
                         [](const auto& one) { return std::string(one.param + 1); });

void stop_for_a_moment(int tid)
{
    ASSERT_EQ(::ptrace(PTRACE_SEIZE, tid, nullptr, nullptr), 0);
    ASSERT_EQ(::ptrace(PTRACE_INTERRUPT, tid, nullptr, nullptr), 0);
    ASSERT_EQ(::waitpid(tid, nullptr, __WALL), tid);
    ASSERT_EQ(::ptrace(PTRACE_DETACH, tid, nullptr, nullptr), 0);
}

// What a debugger's stop does to them: else the test above would prove nothing.
TEST_F(SleepingCalls, AreInterruptedByADebugger)
{
    for (const int tid : inspect_test::tasks(target_.pid())) {
        stop_for_a_moment(tid);
    }
    std::set<std::string> expected{"returned epoll_wait 4", "returned epoll_wait_timed 4"};
    while (!expected.empty()) {
        const std::string line = target_.next_line();
        ASSERT_TRUE(line.starts_with("returned ") && line.ends_with(" 4")) << line;
        expected.erase(line);
    }
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
        // And never 4: that a process has no memory any more is no lack of permission.
        EXPECT_TRUE(code == 0 || code == 3 || code == 8) << code;
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
    EXPECT_TRUE(inspect_test::until([&] {
        const auto result = inspect({"stack", std::to_string(target.pid())});
        EXPECT_EQ(result.exit_code, 0) << result.err;
        EXPECT_NE(result.err.find("it will stay so"), std::string::npos) << result.err;
        return result.out.find("spinner_main") != std::string::npos;
    }));
    // Whom the tool let go falls back into its stop when it gets a processor.
    EXPECT_TRUE(inspect_test::until(all_stopped));
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
