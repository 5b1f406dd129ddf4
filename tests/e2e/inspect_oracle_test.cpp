// What lwpinspect shows of a program that says itself what must be seen, field by field.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <sstream>

#include "e2e/inspect_support.h"

namespace {

using inspect_test::inspect;
using inspect_test::Result;
using inspect_test::settles;
using inspect_test::Target;
using nlohmann::json;

struct Expected {
    std::uint64_t id = 0;
    std::string state, wait, object, owner, readers;
    std::vector<std::string> functions;
};

Expected parse(const std::string& line)
{
    Expected expected;
    std::string word;
    std::string chain;
    std::istringstream in(line);
    in >> word >> expected.id >> expected.state >> expected.wait >> expected.object >>
        expected.owner >> expected.readers >> chain;
    std::istringstream functions(chain == "-" ? "" : chain);
    while (std::getline(functions, word, '<')) {
        expected.functions.push_back(word);
    }
    return expected;
}

std::string text_or_dash(const json& value)
{
    return value.is_null() ? "-" : value.is_string() ? value.get<std::string>() : value.dump();
}

std::vector<std::string> functions_of(const json& thread)
{
    std::vector<std::string> functions;
    for (const json& frame : thread["stack"]["frames"]) {
        functions.push_back(text_or_dash(frame["fn"]));
    }
    return functions;
}

void expect_thread(const Expected& expected, const json& thread)
{
    SCOPED_TRACE(thread.dump());
    EXPECT_EQ(thread["state"], expected.state);
    const json& wait = thread["wait"];
    if (expected.wait == "-") {
        EXPECT_TRUE(wait.is_null());
    } else {
        ASSERT_FALSE(wait.is_null());
        EXPECT_EQ(wait["kind"], expected.wait);
        EXPECT_EQ(text_or_dash(wait["object_name"]), expected.object);
        EXPECT_EQ(text_or_dash(wait["owner"].is_null() ? json() : wait["owner"]["id"]),
                  expected.owner);
        EXPECT_EQ(text_or_dash(wait["readers"]), expected.readers);
        EXPECT_TRUE(expected.wait != "join" || text_or_dash(wait["target"]) == expected.owner);
    }
    // The program's own functions, whole and in order, between the library's.
    const auto seen = functions_of(thread);
    EXPECT_NE(
        std::search(seen.begin(), seen.end(), expected.functions.begin(), expected.functions.end()),
        seen.end());
    EXPECT_EQ(thread["stack"]["end"], "entry");
}

void expect_all_as_told(const std::vector<std::string>& command)
{
    Target target(command);
    ASSERT_TRUE(target.is_ready());
    std::vector<Expected> expected;
    for (const std::string& line : target.lines()) {
        expected.push_back(parse(line));
    }
    ASSERT_GT(expected.size(), 40U);
    Result result;
    EXPECT_TRUE(settles(target, &result));
    auto threads = result.threads();
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_EQ(threads.size(), expected.size());
    for (const Expected& one : expected) {
        ASSERT_TRUE(threads.contains(one.id)) << one.id;
        expect_thread(one, threads[one.id]);
    }
    const json end = result.json().back();
    EXPECT_EQ(end["type"], "end");
    EXPECT_EQ(end["complete"], true);
    EXPECT_EQ(end["unread"], 0);
    EXPECT_EQ(end["moving"], 0);
}

TEST(InspectOracle, ShowsEveryThreadAsTheProgramSays)
{
    expect_all_as_told({ORACLE_PROGRAM});
}

TEST(InspectOracle, ShowsARunningThreadAsWell)
{
    expect_all_as_told({ORACLE_PROGRAM, "spin"});
}

TEST(InspectOracle, ShowsNamesOfBoundAndUnboundThreads)
{
    Target target({ORACLE_PROGRAM, "spin"});
    ASSERT_TRUE(target.is_ready());
    Result result;
    ASSERT_TRUE(settles(target, &result));
    std::map<std::string, std::string> functions;
    for (const auto& [id, thread] : result.threads()) {
        if (thread["name"].is_string()) {
            functions[thread["name"]] = thread["start_fn"];
        }
    }
    EXPECT_EQ(functions["holder"], "holder_main") << result.out;
    EXPECT_EQ(functions["spinner"], "spinner_main") << result.out;
    EXPECT_EQ(functions.size(), 2U) << result.out;
}

TEST(InspectOracle, StopsNothingWhenAskedNotTo)
{
    Target target({ORACLE_PROGRAM, "spin"});
    ASSERT_TRUE(target.is_ready());
    const Result result = inspect({"-n", "stack", std::to_string(target.pid()), "--json"});
    EXPECT_EQ(result.exit_code, 0) << result.err;
    const auto objects = result.json();
    EXPECT_EQ(objects.back()["mode"], "nostop");
    EXPECT_EQ(objects.back()["paused_lwps"], 0);
    EXPECT_EQ(objects.back()["pause_ns"], 0);
}

TEST(InspectOracle, GroupsEqualStacks)
{
    Target target({ORACLE_PROGRAM});
    ASSERT_TRUE(target.is_ready());
    ASSERT_TRUE(settles(target));
    const std::string pid = std::to_string(target.pid());
    std::uint64_t members = 0;
    for (const json& object : inspect({"stacks", pid, "--json"}).json()) {
        if (object["type"] == "group") {
            members += object["count"].get<std::uint64_t>();
            EXPECT_EQ(object["count"], object["ids"].size());
        }
    }
    EXPECT_EQ(members, target.lines().size());
    const Result only = inspect({"stacks", pid, "--fn", "^holder_main$"});
    EXPECT_NE(only.out.find("oracle_hold"), std::string::npos) << only.out;
    EXPECT_EQ(only.out.find("worker_main"), std::string::npos) << only.out;
}

TEST(InspectOracle, MapsLwpsToThreads)
{
    Target target({ORACLE_PROGRAM, "spin"});
    ASSERT_TRUE(target.is_ready());
    ASSERT_TRUE(settles(target));
    const Result result = inspect({"ps", "-L", std::to_string(target.pid()), "--json"});
    const json main = result.threads()[1];
    EXPECT_EQ(main["syscall"]["name"], "read");
    bool main_carried = false;
    for (const json& object : result.json()) {
        if (object["type"] == "lwp" && object["thread"] == 1) {
            main_carried = object["tid"] == main["tid"] && object["syscall"]["name"] == "read";
        }
    }
    EXPECT_TRUE(main_carried) << result.out;
    const std::string tid = std::to_string(main["tid"].get<int>());
    const Result one = inspect({"ps", std::to_string(target.pid()) + "/" + tid});
    EXPECT_NE(one.out.find(" running "), std::string::npos) << one.out;  // what it carries
    EXPECT_NE(one.out.find(" SYSCALL\n"), std::string::npos) << one.out;
}

}  // namespace
