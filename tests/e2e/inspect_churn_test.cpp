// Every stack is right while threads switch as fast as they can.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <sstream>

#include "e2e/inspect_support.h"

namespace {

using inspect_test::inspect;
using inspect_test::Target;
using nlohmann::json;

// LWPINSPECT_CHURN_SECONDS, for longer runs by hand.
std::chrono::seconds duration()
{
    const char* const wanted = std::getenv("LWPINSPECT_CHURN_SECONDS");
    return std::chrono::seconds(wanted == nullptr ? 1 : std::atoi(wanted));
}

struct Churn {
    std::uint64_t semas = 0;
    std::uint64_t size = 0;
    unsigned depth = 0;
    std::uint64_t right = 0;
    std::uint64_t moving = 0;
    std::vector<std::string> wrong;

    explicit Churn(const std::string& line)
    {
        std::istringstream in(line);
        std::string word;
        in >> word >> std::hex >> semas >> std::dec >> size >> depth;
    }

    // The calls that lead to the semaphore, innermost first.
    [[nodiscard]] std::vector<std::string> calls_to(std::uint64_t path) const
    {
        std::vector<std::string> calls;
        for (unsigned level = depth; level > 0; --level) {
            calls.push_back("step_" + std::to_string(path >> (2 * (level - 1)) & 3));
        }
        return calls;
    }

    void look_at(const json& thread)
    {
        if (thread["state"] != "blocked" || thread["wait"]["kind"] != "sema") {
            return;
        }
        const std::string end = thread["stack"]["end"];
        if (end == "moving") {
            ++moving;
            return;
        }
        const std::string object = thread["wait"]["object"];
        const std::uint64_t path = (std::stoull(object, nullptr, 16) - semas) / size;
        std::vector<std::string> seen;
        for (const json& frame : thread["stack"]["frames"]) {
            const std::string function = frame["fn"].is_null() ? "?" : frame["fn"];
            if (function.starts_with("step_")) {
                seen.push_back(function);
            }
        }
        if (end == "entry" && seen == calls_to(path)) {
            ++right;
        } else {
            wrong.push_back(thread.dump());
        }
    }
};

void expect_only_right_stacks(const std::string& mode, const std::string& threads)
{
    SCOPED_TRACE(mode + ' ' + threads + " threads");
    Target target({CHURN_PROGRAM, threads});
    ASSERT_TRUE(target.is_ready());
    Churn churn(target.lines().at(0));
    ASSERT_NE(churn.size, 0U);
    const auto end = std::chrono::steady_clock::now() + duration();
    int looks = 0;
    do {
        const auto result =
            inspect({mode, "stack", std::to_string(target.pid()), "--json", "--timeout", "60000"});
        // On a busy machine an LWP may not get the processor that it needs to stop in time.
        ASSERT_TRUE(result.exit_code == 0 ||
                    result.err.find(" did not stop within ") != std::string::npos)
            << result.err;
        for (const json& object : result.json()) {
            if (object["type"] == "thread") {
                churn.look_at(object);
            }
        }
        ++looks;
    } while (std::chrono::steady_clock::now() < end || churn.right < 20);
    EXPECT_TRUE(churn.wrong.empty()) << churn.wrong.size() << " wrong, such as " << churn.wrong[0];
    std::printf("%s, %s threads: %d looks, %llu stacks right, %zu wrong, %llu moving\n",
                mode.c_str(), threads.c_str(), looks, static_cast<unsigned long long>(churn.right),
                churn.wrong.size(), static_cast<unsigned long long>(churn.moving));
}

TEST(InspectChurn, EveryStackIsRight)
{
    expect_only_right_stacks("-n", "50");
    expect_only_right_stacks("-n", "1000");
}

// Of so many threads only those that move are read while all stand still.
TEST(InspectChurn, EveryStackOfOneInstantIsRight)
{
    expect_only_right_stacks("-S", "1000");
}

}  // namespace
