// Deadlocks in live programs: all found, none invented.
#include <gtest/gtest.h>
#include <signal.h>

#include "e2e/inspect_support.h"

namespace {

using inspect_test::inspect;
using inspect_test::Result;
using inspect_test::settles;
using inspect_test::Target;
using nlohmann::json;

std::vector<json> of_type(const Result& result, const std::string& type)
{
    std::vector<json> objects;
    for (const json& object : result.json()) {
        if (object["type"] == type) {
            objects.push_back(object);
        }
    }
    return objects;
}

// Until the threads have got there: what they print comes before. Those that wait for a lock whose
// holder has ended come one by one.
Result found_deadlocks(const Target& target, std::size_t members = 1)
{
    Result result;
    inspect_test::until([&] {
        result = inspect({"deadlocks", std::to_string(target.pid()), "--json"});
        const auto found = of_type(result, "finding");
        return !found.empty() && found[0]["members"].size() >= members;
    });
    return result;
}

void expect_one(const std::vector<std::string>& command, const std::string& rule,
                std::size_t members)
{
    SCOPED_TRACE(command[1]);
    Target target(command);
    ASSERT_TRUE(target.is_ready());
    const Result result = found_deadlocks(target, members);
    const auto found = of_type(result, "finding");
    ASSERT_EQ(found.size(), 1U) << result.out;
    EXPECT_EQ(found[0]["rule"], rule);
    EXPECT_EQ(found[0]["members"].size(), members);
    EXPECT_EQ(result.exit_code, 1) << result.err;
    EXPECT_EQ(of_type(result, "end")[0]["exit"], 1);
}

TEST(InspectDeadlocks, OfUserThreads)
{
    expect_one({STUCK_PROGRAM, "circle2"}, "deadlock", 2);
    expect_one({STUCK_PROGRAM, "circle3"}, "deadlock", 3);
    expect_one({STUCK_PROGRAM, "inherit2"}, "deadlock", 2);
    expect_one({STUCK_PROGRAM, "robust2"}, "deadlock", 2);
    expect_one({STUCK_PROGRAM, "rwlocks"}, "deadlock", 2);
    expect_one({STUCK_PROGRAM, "join"}, "deadlock", 2);
    expect_one({STUCK_PROGRAM, "self"}, "self", 1);
    expect_one({STUCK_PROGRAM, "orphan"}, "orphan", 2);
}

// Threads that move between LWPs hold pthread mutexes too.
TEST(InspectDeadlocks, OfUserThreadsOverPthreadMutexes)
{
    expect_one({STUCK_PROGRAM, "pthreads"}, "deadlock", 2);
    expect_one({STUCK_PROGRAM, "mixed"}, "deadlock", 2);
}

TEST(InspectDeadlocks, OfPthreadMutexes)
{
    for (const char* kind : {"normal", "recursive", "errorcheck", "robust"}) {
        expect_one({PTHREAD_STUCK_PROGRAM, kind, "2"}, "deadlock", 2);
    }
    expect_one({PTHREAD_STUCK_PROGRAM, "normal", "50"}, "deadlock", 50);
}

// A time limit will end it: worth a line, but no deadlock.
TEST(InspectDeadlocks, ACircleWithATimeLimitIsNone)
{
    Target target({PTHREAD_STUCK_PROGRAM, "timed", "3"});
    ASSERT_TRUE(target.is_ready());
    const Result result = found_deadlocks(target);
    const auto found = of_type(result, "finding");
    ASSERT_EQ(found.size(), 1U) << result.out;
    EXPECT_EQ(found[0]["rule"], "timed");
    EXPECT_EQ(found[0]["members"].size(), 3U);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    const std::string pid = std::to_string(target.pid());
    EXPECT_EQ(inspect({"check", pid, "--sample-ms", "20", "--rules", "timed"}).exit_code, 1);
    EXPECT_EQ(inspect({"check", pid, "--sample-ms", "20", "--rules", "deadlock"}).exit_code, 0);
}

// The kernel does not let a circle of such mutexes come about; who waits for whom is known all the
// same.
TEST(InspectWhy, KnowsTheHolderOfEachKindOfPthreadMutex)
{
    for (const char* kind : {"normal", "recursive", "errorcheck", "robust", "inherit"}) {
        SCOPED_TRACE(kind);
        Target target({PTHREAD_STUCK_PROGRAM, std::string("held-") + kind, "3"});
        ASSERT_TRUE(target.is_ready());
        const std::string pid = std::to_string(target.pid());
        std::vector<json> locks;
        ASSERT_TRUE(inspect_test::until([&] {
            locks = of_type(inspect({"locks", pid, "--json"}), "object");
            return locks.size() == 1 && locks[0]["waiters"].size() == 3;
        }));
        EXPECT_EQ(locks[0]["owner"]["kind"], "lwp");
        EXPECT_EQ(locks[0]["owner"]["id"], target.pid());
        const std::string waiter = locks[0]["waiters"][0]["who"]["id"].dump();
        Result why;
        EXPECT_TRUE(inspect_test::until([&] {
            why = inspect({"why", pid, "lwp:" + waiter, "--json"});
            const auto chains = of_type(why, "chain");
            return chains.size() == 1 && chains[0]["end"] == "kernel";  // the holder reads
        })) << why.out;
        EXPECT_EQ(inspect({"deadlocks", pid, "--confirm-ms", "1"}).exit_code, 0);
    }
}

// Two processes wait for each other's locks: of the other one's threads only the holder is known.
TEST(InspectWhy, NamesTheProcessThatHoldsASharedLock)
{
    for (const char* kind : {"shared", "shared-robust", "shared-rwlocks"}) {
        SCOPED_TRACE(kind);
        Target target({STUCK_PROGRAM, kind});
        ASSERT_TRUE(target.is_ready());
        ASSERT_EQ(target.lines().size(), 1U);
        const int other = std::stoi(target.lines()[0]);
        const std::string pid = std::to_string(target.pid());
        // Who waits for a robust lock looks now and then whether the owner lives: it runs then.
        std::vector<json> locks;
        ASSERT_TRUE(inspect_test::until([&] {
            locks = of_type(inspect({"locks", pid, "--json"}), "object");
            return locks.size() == 2 && locks[0]["waiters"].size() == 1 &&
                   locks[1]["waiters"].size() == 1;
        })) << inspect({"locks", pid}).out;
        for (const json& lock : locks) {
            EXPECT_EQ(lock["kind"], std::string(kind) == "shared-rwlocks" ? "rwlock" : "mutex");
            const bool ours = lock["waiters"][0]["who"]["id"] == 3;
            EXPECT_EQ(lock["owner"]["kind"], ours ? "thread" : "process") << lock;
            EXPECT_EQ(lock["owner"]["id"], ours ? 2 : other) << lock;
        }
        Result why;
        EXPECT_TRUE(inspect_test::until([&] {
            why = inspect({"why", pid, "3", "--json"});
            const auto chains = of_type(why, "chain");
            return chains.size() == 1 && chains[0]["hops"].size() == 3 &&
                   chains[0]["end"] == "elsewhere";
        })) << why.out;
        EXPECT_EQ(inspect({"deadlocks", pid, "--confirm-ms", "1"}).exit_code, 0);
    }
}

// Its owner was killed, and it is no robust one.
TEST(InspectDeadlocks, OfASharedMutexWhoseProcessHasEnded)
{
    Target target({STUCK_PROGRAM, "shared"});
    ASSERT_TRUE(target.is_ready());
    ASSERT_EQ(target.lines().size(), 1U);
    ASSERT_EQ(::kill(std::stoi(target.lines()[0]), SIGKILL), 0);
    const auto found = of_type(found_deadlocks(target), "finding");
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0]["rule"], "orphan");
    EXPECT_EQ(found[0]["holder"]["kind"], "process");
    EXPECT_EQ(found[0]["members"][0]["who"]["id"], 2);
}

// The pool may not grow, and its only LWP sleeps in the kernel while a thread is ready.
TEST(InspectDeadlocks, OfAPoolThatStarves)
{
    Target target({"/usr/bin/env", "LIBTHREAD_GROWTH=fixed", STUCK_PROGRAM, "starved"});
    ASSERT_TRUE(target.is_ready());
    const Result result = found_deadlocks(target);
    const auto found = of_type(result, "finding");
    ASSERT_EQ(found.size(), 1U) << result.out;
    EXPECT_EQ(found[0]["rule"], "starved");
    EXPECT_EQ(result.exit_code, 1);
}

TEST(InspectDeadlocks, AreShownWithTheirStacks)
{
    Target target({STUCK_PROGRAM, "circle2"});
    ASSERT_TRUE(target.is_ready());
    found_deadlocks(target);
    const Result result = inspect({"deadlocks", std::to_string(target.pid())});
    EXPECT_NE(result.out.find("wait for each other"), std::string::npos) << result.out;
    EXPECT_NE(result.out.find("for mutex stuck_mutexes"), std::string::npos) << result.out;
    EXPECT_NE(result.out.find("        in_circle\n"), std::string::npos) << result.out;
}

// Owners change while they are read: whatever a single look says, two looks never agree on a
// circle.
void expect_none(const std::vector<std::string>& command, int looks)
{
    SCOPED_TRACE(command[1]);
    Target target(command);
    ASSERT_TRUE(target.is_ready());
    for (int i = 0; i < looks; ++i) {
        const auto result =
            inspect({"deadlocks", std::to_string(target.pid()), "--confirm-ms", "1"});
        ASSERT_EQ(result.out.substr(result.out.find('\n') + 1), "no deadlock\n") << result.err;
        ASSERT_EQ(result.exit_code, 0) << result.err;
    }
}

TEST(InspectDeadlocks, NoneInventedWhereLocksAreHandedOver)
{
    expect_none({STUCK_PROGRAM, "handover"}, inspect_test::rounds(60));
    expect_none({PTHREAD_STUCK_PROGRAM, "handover", "3"}, inspect_test::rounds(60));
}

TEST(InspectDeadlocks, NoneInventedOfConditionsAndSemaphores)
{
    expect_none({STUCK_PROGRAM, "conditions"}, 3);
}

TEST(InspectCheck, NamesTheHolderThatSleepsInTheKernel)
{
    Target target({STUCK_PROGRAM, "holder"});
    ASSERT_TRUE(target.is_ready());
    const std::string pid = std::to_string(target.pid());
    Result result;
    ASSERT_TRUE(inspect_test::until([&] {
        result = inspect({"check", pid, "--sample-ms", "20"});
        return result.exit_code == 1 && result.out.find("holder: ") != std::string::npos;
    })) << result.out;
    EXPECT_NE(result.out.find("sleeps in read("), std::string::npos) << result.out;
    // The chain of the waiter ends at that call.
    const auto locks = of_type(inspect({"locks", pid, "--json"}), "object");
    ASSERT_EQ(locks.size(), 1U);
    const std::string waiter = locks[0]["waiters"][0]["who"]["id"].dump();
    const auto why = inspect({"why", pid, waiter});
    EXPECT_EQ(why.exit_code, 0) << why.err;
    EXPECT_NE(why.out.find("waits"), std::string::npos) << why.out;
    EXPECT_NE(why.out.find("in read("), std::string::npos) << why.out;
    const auto chains = of_type(inspect({"why", pid, waiter, "--json"}), "chain");
    ASSERT_EQ(chains.size(), 1U);
    EXPECT_EQ(chains[0]["end"], "kernel");
    EXPECT_EQ(inspect({"check", pid, "--sample-ms", "20", "--rules", "stack"}).exit_code, 0);
    // By address: with its waiters.
    const auto one = inspect({"locks", pid, locks[0]["address"].get<std::string>()});
    EXPECT_NE(one.out.find("WAITER"), std::string::npos) << one.out;
}

TEST(InspectCheck, FindsNothingWhereNothingIsWrong)
{
    Target target({ORACLE_PROGRAM});
    ASSERT_TRUE(target.is_ready());
    ASSERT_TRUE(settles(target));
    const std::string pid = std::to_string(target.pid());
    // Its main thread holds locks that others wait for and reads its input: that is a finding, the
    // only one.
    const auto result = inspect({"check", pid, "--sample-ms", "20", "--rules",
                                 "deadlock,self,orphan,starved,timed,ready,running,stack"});
    EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
}

TEST(InspectWhy, WantsAThread)
{
    Target target({ORACLE_PROGRAM});
    ASSERT_TRUE(target.is_ready());
    Result look;
    ASSERT_TRUE(settles(target, &look));
    const std::string pid = std::to_string(target.pid());
    EXPECT_EQ(inspect({"why", pid}).exit_code, 2);
    EXPECT_EQ(inspect({"why", pid, "99999"}).exit_code, 8);
    const std::string tid = look.threads()[1]["tid"].dump();
    const auto own = inspect({"why", pid + "/" + tid});
    EXPECT_EQ(own.exit_code, 0) << own.err;
    EXPECT_NE(own.out.find("#1  sleeps on LWP " + tid + " in read("), std::string::npos) << own.out;
}

}  // namespace
