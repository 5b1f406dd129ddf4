// Threads that wait for descriptors: what lwpinspect says of the calls, the files and the LWPs.
#include <gtest/gtest.h>

#include <sstream>

#include "e2e/inspect_support.h"

namespace {

using inspect_test::inspect;
using inspect_test::Result;
using inspect_test::Target;
using nlohmann::json;

std::map<int, json> threads_of(const std::string& pid)
{
    std::map<int, json> threads;
    for (const json& object : inspect({"ps", pid, "--json"}).json()) {
        if (object["type"] == "thread") {
            threads[object["id"].get<int>()] = object;
        }
    }
    return threads;
}

bool all_wait(const std::string& pid)
{
    const auto threads = threads_of(pid);
    return std::count_if(threads.begin(), threads.end(), [](const auto& entry) {
               return entry.second["state"] == "blocked" && entry.second["wait"]["kind"] != "-";
           }) == 7;
}

std::string wait_of(const json& thread)
{
    const json& wait = thread["wait"];
    return wait["kind"].get<std::string>() + ' ' + wait["object_name"].get<std::string>();
}

TEST(InspectIo, NamesWhatThreadsAndLwpsWaitFor)
{
    Target target({IO_WAITS_PROGRAM});
    ASSERT_TRUE(target.is_ready());
    ASSERT_EQ(target.lines().size(), 1U);
    int listens = 0;
    int connects = 0;
    std::string child;
    std::istringstream{target.lines()[0]} >> listens >> connects >> child;
    const std::string pid = std::to_string(target.pid());
    ASSERT_TRUE(inspect_test::until([&] { return all_wait(pid); }));
    const auto threads = threads_of(pid);
    const std::string here = "127.0.0.1:" + std::to_string(listens);
    const std::string there = "127.0.0.1:" + std::to_string(connects);
    EXPECT_EQ(wait_of(threads.at(2)), "accept fd 100<TCP " + here + " listening>");
    EXPECT_EQ(wait_of(threads.at(3)), "read fd 101<TCP " + here + " with " + there + ">");
    EXPECT_EQ(wait_of(threads.at(4)), "read fd 103<unix with fd 104>");
    EXPECT_EQ(wait_of(threads.at(5)), "read fd 105<pipe with fd 106>");
    EXPECT_EQ(wait_of(threads.at(6)), "poll fd 107<anon_inode:[eventfd]>");
    EXPECT_EQ(wait_of(threads.at(9)), "waitpid pid " + child);
    EXPECT_EQ(threads.at(9)["wait"]["left_ns"], nullptr);
    for (const int id : {2, 3, 4, 5, 6, 9}) {
        EXPECT_GE(threads.at(id)["since_ns"].get<long>(), 0) << id;
    }
}

TEST(InspectIo, SaysWhichThreadHoldsAnLwpInTheKernel)
{
    Target target({IO_WAITS_PROGRAM});
    ASSERT_TRUE(target.is_ready());
    const std::string pid = std::to_string(target.pid());
    constexpr int kHolder = 7;
    json holder;
    EXPECT_TRUE(inspect_test::until([&] {
        for (const json& object : inspect({"lwps", pid, "--json"}).json()) {
            if (object["type"] == "lwp" && object["thread"] == kHolder &&
                object["syscall"].is_object() && object["syscall"]["name"] == "read") {
                holder = object;
                return true;
            }
        }
        return false;
    }));
    ASSERT_TRUE(holder.is_object());
    EXPECT_EQ(holder["syscall"]["file"], "pipe with fd 109");
    const Result text = inspect({"lwps", pid});
    EXPECT_NE(text.out.find("read(108<pipe with fd 109>"), std::string::npos) << text.out;
}

// Its LWP sleeps in the library's read(), whose frames are small and use a frame pointer.
TEST(InspectIo, ABoundThreadInReadHasAWholeStack)
{
    Target target({IO_WAITS_PROGRAM});
    ASSERT_TRUE(target.is_ready());
    const std::string pid = std::to_string(target.pid());
    constexpr std::uint64_t kBound = 8;
    json stack;
    EXPECT_TRUE(inspect_test::until([&] {
        stack = inspect({"stack", pid, "--json"}).threads().at(kBound)["stack"];
        return stack["end"] == "entry" && stack.dump().find("read_one") != std::string::npos;
    })) << stack;
}

// Waits for several descriptors are as many objects.
TEST(InspectIo, CountsWaitersByDescriptor)
{
    Target target({IO_WAITS_PROGRAM});
    ASSERT_TRUE(target.is_ready());
    const std::string pid = std::to_string(target.pid());
    ASSERT_TRUE(inspect_test::until([&] { return all_wait(pid); }));
    const Result locks = inspect({"locks", pid, "--all"});
    EXPECT_NE(locks.out.find("fd 103<"), std::string::npos) << locks.out << locks.err;
    EXPECT_NE(locks.out.find("fd 105<"), std::string::npos) << locks.out << locks.err;
}

}  // namespace
