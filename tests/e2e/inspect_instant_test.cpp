// Mode snapshot: what all LWPs are at one moment.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include <random>
#include <thread>

#include "e2e/inspect_support.h"

namespace {

using inspect_test::inspect;
using inspect_test::Result;
using inspect_test::settles;
using inspect_test::Target;
using nlohmann::json;

TEST(InspectInstant, SaysForHowLongItStoppedWhat)
{
    Target target({ORACLE_PROGRAM, "spin"});
    ASSERT_TRUE(target.is_ready());
    const std::string pid = std::to_string(target.pid());
    ASSERT_TRUE(settles(target));
    // A thread whose call was interrupted by a look is, until it gets a processor, not in the call;
    // and the one that spins stops when it gets one.
    Result result;
    std::vector<json> objects;
    ASSERT_TRUE(inspect_test::until([&] {
        result = inspect({"-S", "stack", pid, "--json"});
        objects = result.json();
        return result.exit_code == 0 && result.out.find("\"name\":\"read\"") != std::string::npos &&
               objects.back()["paused_lwps"].get<int>() >= 1;
    })) << result.out
        << result.err;
    EXPECT_EQ(objects.back()["mode"], "snapshot");
    EXPECT_GT(objects.back()["pause_ns"].get<std::int64_t>(), 0);
    std::size_t whole = 0;
    for (const json& object : objects) {
        if (object["type"] == "thread" && object["state"] == "blocked") {
            EXPECT_EQ(object["stack"]["end"], "entry") << object;
            ++whole;
        }
    }
    EXPECT_GT(whole, 40U);
}

TEST(InspectInstant, FindsDeadlocksOfPthreads)
{
    Target target({PTHREAD_STUCK_PROGRAM, "normal", "4"});
    ASSERT_TRUE(target.is_ready());
    const std::string pid = std::to_string(target.pid());
    EXPECT_TRUE(inspect_test::until([&] {
        return inspect({"-S", "deadlocks", pid}).exit_code == 1;
    }));
}

TEST(InspectInstant, LeavesNothingStoppedWhenKilledAtAnyTime)
{
    Target target({ORACLE_PROGRAM, "spin"});
    ASSERT_TRUE(target.is_ready());
    std::mt19937 random(2);
    std::uniform_int_distribution<int> delay_us(0, 20'000);
    for (int i = 0; i < inspect_test::rounds(40); ++i) {
        const pid_t tool = inspect_test::start_inspect({"-S", "ps", std::to_string(target.pid())});
        // The moment of death is what is varied: no condition to wait for.
        std::this_thread::sleep_for(std::chrono::microseconds(delay_us(random)));
        ::kill(tool, SIGKILL);
        ASSERT_EQ(::waitpid(tool, nullptr, 0), tool);
        ASSERT_TRUE(inspect_test::until([&] {
            const auto states = inspect_test::task_states(target.pid());
            return states.find_first_of("tT") == std::string::npos;
        })) << inspect_test::task_states(target.pid());
    }
}

TEST(InspectInstant, ExcludesStoppingNothing)
{
    EXPECT_EQ(inspect({"-S", "-n", "ps", "1"}).exit_code, 2);
}

}  // namespace
