// What lwpinspect says, and what it ends with, where there is little or nothing to see.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "e2e/inspect_support.h"

namespace {

using inspect_test::inspect;
using inspect_test::Target;

TEST(InspectMessages, NoSuchProcess)
{
    const auto result = inspect({"ps", "no such name"});
    EXPECT_EQ(result.exit_code, 3);
    EXPECT_EQ(result.err, "lwpinspect: no process named \"no such name\", and no such file.\n");
    EXPECT_EQ(inspect({"ps", "99999999999999999999"}).exit_code, 3);
    EXPECT_EQ(inspect({"ps", "0"}).exit_code, 3);
}

TEST(InspectMessages, ANameOfSeveralProcesses)
{
    const Target first({ORACLE_PROGRAM});
    const Target second({ORACLE_PROGRAM});
    ASSERT_TRUE(first.is_ready() && second.is_ready());
    const auto result = inspect({"ps", "inspect_oracle"});
    EXPECT_EQ(result.exit_code, 2);
    EXPECT_NE(result.err.find(std::to_string(first.pid())), std::string::npos) << result.err;
    EXPECT_NE(result.err.find(std::to_string(second.pid())), std::string::npos) << result.err;
    EXPECT_NE(result.err.find("Give a PID."), std::string::npos) << result.err;
}

TEST(InspectMessages, AThreadIsTakenForItsProcess)
{
    const Target target({BLOCKING_CALLS_PROGRAM});
    ASSERT_TRUE(target.is_ready());
    const std::string pid = std::to_string(target.pid());
    std::string tid;
    for (const auto& task : std::filesystem::directory_iterator("/proc/" + pid + "/task")) {
        if (task.path().filename() != pid) {
            tid = task.path().filename();
        }
    }
    const auto result = inspect({"ps", tid});
    EXPECT_EQ(result.exit_code, 0);
    EXPECT_NE(result.err.find(tid + " is a thread of process " + pid + "; using " + pid + "."),
              std::string::npos)
        << result.err;
    EXPECT_NE(result.err.find("does not use libthread (no LWPT note in"), std::string::npos);
    // PID/TID: only that one.
    const auto one = inspect({"lwps", pid + "/" + tid, "--json"}).json();
    ASSERT_EQ(one.size(), 3U);
    EXPECT_EQ(std::to_string(one[1]["tid"].get<int>()), tid);
}

TEST(InspectMessages, AZombie)
{
    const pid_t child = ::fork();
    if (child == 0) {
        ::_exit(0);
    }
    siginfo_t ended{};
    ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(child), &ended, WEXITED | WNOWAIT), 0);
    const auto result = inspect({"ps", std::to_string(child)});
    EXPECT_EQ(result.exit_code, 3);
    EXPECT_NE(result.err.find("has exited (zombie, parent " + std::to_string(::getpid())),
              std::string::npos)
        << result.err;
    EXPECT_EQ(::waitpid(child, nullptr, 0), child);
}

// Of a shell that does something else after the first look. How soon that is nobody knows: it is
// given more time from try to try.
bool says_of_shell(const std::string& then, std::vector<std::string> words, int code,
                   const std::string& sentence)
{
    double seconds = 0.2;
    return inspect_test::until([&] {
        const Target shell(
            {"/bin/sh", "-c", "echo ready; sleep " + std::to_string(seconds) + then});
        auto all = words;
        all.insert(all.end(), {std::to_string(3 * seconds), std::to_string(shell.pid())});
        const auto result = inspect(all);
        seconds *= 2;
        return result.exit_code == code && result.err.find(sentence) != std::string::npos;
    });
}

TEST(InspectMessages, AProcessThatEndsOrExecutesMeanwhile)
{
    const std::string trace = testing::TempDir() + "meanwhile_" + std::to_string(::getpid());
    const std::vector<std::string> tracing{"trace", "-o", trace, "-t"};
    EXPECT_TRUE(says_of_shell("", tracing, 8, " has exited"));
    constexpr const char* kOther = " has executed another program since the first look.";
    EXPECT_TRUE(says_of_shell("; exec sleep 60", tracing, 0, kOther));
    EXPECT_TRUE(says_of_shell("; exec sleep 60", {"diff", "--every"}, 1, kOther));
    std::filesystem::remove(trace);
}

TEST(InspectMessages, AProcessThatSomebodyElseTraces)
{
    Target target({ORACLE_PROGRAM, "spin"});
    ASSERT_TRUE(target.is_ready());
    ASSERT_TRUE(inspect_test::settles(target));
    // Every task, as a debugger does; none is stopped. An LWP without work may end meanwhile.
    for (const auto& task :
         std::filesystem::directory_iterator("/proc/" + std::to_string(target.pid()) + "/task")) {
        const int tid = std::stoi(task.path().filename());
        ASSERT_TRUE(::ptrace(PTRACE_SEIZE, tid, nullptr, nullptr) == 0 || errno == ESRCH);
    }
    const auto result = inspect({"stack", std::to_string(target.pid())});
    EXPECT_EQ(result.exit_code, 8);
    EXPECT_NE(result.err.find("is traced by"), std::string::npos) << result.err;
    EXPECT_NE(result.out.find("holder_main"), std::string::npos);  // the sleeping ones are there
    // It ends by itself; a tracer is told of the end of every task, the first one's last.
    const pid_t pid = target.pid();
    target.close_input();
    for (int status = 0, task = 0; task != pid || WIFSTOPPED(status);) {
        task = ::waitpid(-1, &status, __WALL);
        ASSERT_GT(task, 0);
        if (WIFSTOPPED(status)) {
            ::ptrace(PTRACE_CONT, task, nullptr, WSTOPSIG(status));  // a signal on its way
        }
    }
    target.forget();
}

TEST(InspectMessages, WithoutPermissionNamesAndStatesRemain)
{
    if (::geteuid() != 0) {
        GTEST_SKIP() << "needs to be root to become somebody else";
    }
    const Target target({ORACLE_PROGRAM});
    ASSERT_TRUE(target.is_ready());
    const auto result = inspect_test::inspect_as_nobody({"ps", std::to_string(target.pid())});
    EXPECT_EQ(result.exit_code, 4) << result.err;
    EXPECT_NE(result.err.find("it belongs to root (0), you are"), std::string::npos) << result.err;
    EXPECT_NE(result.err.find("Showing names and states only."), std::string::npos);
    EXPECT_NE(result.out.find(std::to_string(target.pid())), std::string::npos);
}

// A file that is no target is not taken for the name of a process.
TEST(InspectMessages, FilesThatAreNoTargets)
{
    const auto said = [](const std::vector<std::string>& words) {
        const auto result = inspect(words);
        EXPECT_EQ(result.exit_code, 2) << result.err;
        return result.err;
    };
    constexpr const char* kNone = "lwpinspect: /nonexistent/core: No such file or directory.\n";
    EXPECT_EQ(said({"ps", "/nonexistent/core"}), kNone);
    EXPECT_EQ(said({"ps", "--core", "/nonexistent/core"}), kNone);
    EXPECT_EQ(said({"ps", "--from", "/nonexistent/core"}), kNone);
    EXPECT_EQ(said({"ps", ORACLE_PROGRAM}), std::string("lwpinspect: ") + ORACLE_PROGRAM +
                                                ": neither a core file nor one made by save.\n");
    EXPECT_EQ(said({"ps", "--core", ORACLE_PROGRAM}),
              std::string("lwpinspect: ") + ORACLE_PROGRAM + ": no core file.\n");
    EXPECT_EQ(said({"ps", "--from", "/dev/null"}), "lwpinspect: /dev/null: no regular file.\n");
    EXPECT_EQ(said({"ps", "--core", "/dev/null"}), "lwpinspect: /dev/null: no regular file.\n");
}

TEST(InspectMessages, StacksSayThatNoneMatches)
{
    const Target with({ORACLE_PROGRAM});
    ASSERT_TRUE(with.is_ready());
    const Target without({BLOCKING_CALLS_PROGRAM});
    ASSERT_TRUE(without.is_ready());
    for (const auto& [pid, kind] :
         {std::pair{with.pid(), " threads: "}, {without.pid(), " LWPs: "}}) {
        const std::string target = std::to_string(pid);
        const auto none = inspect({"stacks", target, "--fn", "no_such_function"});
        EXPECT_EQ(none.exit_code, 0) << none.err;
        EXPECT_NE(none.err.find(kind + std::string("none is what was asked for.")),
                  std::string::npos)
            << none.err;
        const auto all = inspect({"stacks", target});
        EXPECT_EQ(all.err.find("asked for"), std::string::npos) << all.err;
        const auto quiet = inspect({"stacks", target, "--fn", "no_such_function", "-q"});
        EXPECT_EQ(quiet.out + quiet.err, "");
    }
}

TEST(InspectMessages, WrongUsage)
{
    EXPECT_EQ(inspect({"stcks", "1", "2"}).err,
              "lwpinspect: there is no verb \"stcks\".\n\"lwpinspect --help\" tells more.\n");
    EXPECT_EQ(inspect({"save", "1", "2"}).err.find("lwpinspect: "), 0U);
    EXPECT_NE(inspect({"completion"}).err.find("SHELL (bash, zsh or fish) is required"),
              std::string::npos);
    EXPECT_EQ(inspect({"ps"}).exit_code, 2);
    EXPECT_EQ(inspect({"stack", "1", "x"}).exit_code, 2);
    EXPECT_EQ(inspect({"stack", "1", "9-3"}).exit_code, 2);
    EXPECT_EQ(inspect({"stacks", "1", "--fn", "("}).exit_code, 2);
    EXPECT_EQ(inspect({"ps", "1", "-o", "id,nonsense"}).exit_code, 2);
}

}  // namespace
