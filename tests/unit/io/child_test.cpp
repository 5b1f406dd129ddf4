// Threads that wait for children: what they are told.
#include "unit/io/child.h"

#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <memory>
#include <string>
#include <vector>

namespace {

using io_test::Answer;
using io_test::Child;
using io_test::Crew;
using io_test::Pair;

TEST(Children, ManyAreWaitedForWithoutAnLwpEach)
{
    constexpr int kChildren = 40;
    Crew{}.start([] {});
    const int before = io_test::kernel_tasks();
    std::vector<std::unique_ptr<Child>> children;
    Crew crew;
    for (int i = 0; i < kChildren; ++i) {
        children.push_back(std::make_unique<Child>(i));
        const thread_t waiter = crew.start([pid = children.back()->pid(), i] {
            int status = 0;
            EXPECT_EQ(waitpid(pid, &status, 0), pid);
            EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == i) << status;
        });
        ASSERT_TRUE(io_test::asleep(waiter));
    }
    if (io_test::parks()) {
        EXPECT_LE(io_test::kernel_tasks() - before, 16);  // the level asked for, its helpers
    }
    for (const auto& child : children) {
        child->tell();
    }
}

// The child is there until it is waited for without WNOWAIT.
std::string describe(const siginfo_t& info, pid_t child)
{
    return std::to_string(info.si_signo) + ' ' + std::to_string(info.si_code) + ' ' +
           std::to_string(info.si_status) + ' ' + (info.si_pid == child ? "it" : "another") + ' ' +
           std::to_string(info.si_uid);
}

std::string by_waitpid(pid_t child)
{
    int status = 0;
    const pid_t got = waitpid(child, &status, __WALL);
    return (got == child ? "it " : "another ") + std::to_string(status);
}

std::string by_wait4(pid_t child)
{
    int status = 0;
    rusage usage{};
    const pid_t got = wait4(child, &status, 0, &usage);
    return (got == child ? "it " : "another ") + std::to_string(status) +
           (usage.ru_maxrss > 0 ? " used" : " unused");
}

std::string by_waitid(pid_t child)
{
    siginfo_t seen{};
    siginfo_t taken{};
    const int first = waitid(P_PID, static_cast<id_t>(child), &seen, WEXITED | WNOWAIT);
    const int second = waitid(P_PID, static_cast<id_t>(child), &taken, WEXITED);
    return std::to_string(first) + std::to_string(second) + ' ' + describe(seen, child) + ", " +
           describe(taken, child);
}

std::string by_descriptor(pid_t child)
{
    const int fd = static_cast<int>(syscall(SYS_pidfd_open, child, 0));
    siginfo_t taken{};
    const int result = waitid(P_PIDFD, static_cast<id_t>(fd), &taken, WEXITED);
    close(fd);
    return std::to_string(result) + ' ' + describe(taken, child);
}

// As a bound thread, which asks the kernel.
TEST(Children, AnEndIsToldAsByTheKernel)
{
    const std::array<int (*)(), 4> ends{
        [] { return 0; },
        [] { return 255; },
        [] { return kill(getpid(), SIGKILL); },
        [] { return kill(getpid(), SIGQUIT); },
    };
    for (const auto& way : {by_waitpid, by_wait4, by_waitid, by_descriptor}) {
        for (const auto& end : ends) {
            std::array<std::string, 2> told;
            for (const bool bound : {true, false}) {
                const Child child{end};
                Crew crew{bound ? THR_BOUND : 0};
                const thread_t waiter = crew.start([&] { told[bound] = way(child.pid()); });
                ASSERT_TRUE(bound || io_test::asleep(waiter));
                child.tell();
            }
            EXPECT_EQ(told[false], told[true]);
            EXPECT_NE(told[true], "");
        }
    }
}

TEST(Children, OneThatAnotherThreadHasReapedIsNone)
{
    constexpr int kWaiters = 5;
    std::array<Answer, kWaiters> answers;
    const Child child{0};
    Crew crew;
    for (Answer& answer : answers) {
        const thread_t waiter = crew.start([&] { wait_for(child.pid(), answer); });
        ASSERT_TRUE(io_test::asleep(waiter));
    }
    child.tell();
    crew.join();
    int reaped = 0;
    for (const Answer& answer : answers) {
        EXPECT_TRUE(answer.got == child.pid() || answer.error == ECHILD) << answer.error;
        reaped += answer.got == child.pid() ? 1 : 0;
    }
    EXPECT_EQ(reaped, 1);
}

// Then the kernel reaps them, and a wait ends when they have ended.
TEST(Children, OnesThatLeaveNothingAreAwaited)
{
    for (const bool ignored : {true, false}) {
        struct sigaction action {};
        struct sigaction before {};
        action.sa_handler = ignored ? SIG_IGN : SIG_DFL;
        action.sa_flags = ignored ? 0 : SA_NOCLDWAIT;
        ASSERT_EQ(sigaction(SIGCHLD, &action, &before), 0);
        const Child child{0};
        std::atomic<bool> told{false};
        Crew crew;
        const thread_t waiter = crew.start([&] {
            Answer answer;
            wait_for(child.pid(), answer);
            EXPECT_TRUE(told);
            EXPECT_EQ(answer.got, -1);
            EXPECT_EQ(answer.error, ECHILD);
        });
        ASSERT_TRUE(io_test::asleep(waiter));
        told = true;
        child.tell();
        crew.join();
        ASSERT_EQ(sigaction(SIGCHLD, &before, nullptr), 0);
    }
}

// Its descriptor says nothing of a stop, which ends each wait of the tracer's, though.
TEST(Children, ATracedOnesStopIsTold)
{
    const Child child{[] {
        ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
        return static_cast<int>(syscall(SYS_tgkill, getpid(), getpid(), SIGSTOP));
    }};
    Crew crew;
    const thread_t waiter = crew.start([&] {
        int status = 0;
        EXPECT_EQ(waitpid(child.pid(), &status, 0), child.pid());
        EXPECT_TRUE(WIFSTOPPED(status)) << status;
        EXPECT_EQ(kill(child.pid(), SIGKILL), 0);
        EXPECT_EQ(waitpid(child.pid(), &status, 0), child.pid());
        EXPECT_TRUE(WIFSIGNALED(status)) << status;
    });
    ASSERT_TRUE(io_test::asleep(waiter));
    child.tell();
}

// Seizes a process, says so, waits until it has ended, and leaves it to its parent when told to.
int trace(pid_t target, const Pair& said, const Pair& told)
{
    siginfo_t info{};
    char byte = 0;
    if (ptrace(PTRACE_SEIZE, target, nullptr, nullptr) != 0) {
        return write(said.writer(), "n", 1) == 1 ? 0 : 1;
    }
    const bool seen = write(said.writer(), "s", 1) == 1 &&
                      waitid(P_PID, static_cast<id_t>(target), &info, WEXITED | WNOWAIT) == 0 &&
                      write(said.writer(), "e", 1) == 1 && read(told.reader(), &byte, 1) == 1;
    return seen ? 0 : 1;
}

// Its descriptor says that it has ended, but its tracer is told first.
TEST(Children, AnEndIsToldWhenTheTracerHasSeenIt)
{
    const Child child{5};
    const Pair said{Pair::kPipe};
    const Pair told{Pair::kPipe};
    const pid_t tracer = fork();
    if (tracer == 0) {
        _exit(trace(child.pid(), said, told));
    }
    char byte = 0;
    ASSERT_EQ(read(said.reader(), &byte, 1), 1);
    if (byte != 's') {
        waitpid(tracer, nullptr, 0);
        GTEST_SKIP() << "may not trace";
    }
    std::atomic<bool> seen{false};
    Crew crew;
    const thread_t waiter = crew.start([&] {
        int status = 0;
        EXPECT_EQ(waitpid(child.pid(), &status, 0), child.pid());
        EXPECT_EQ(WEXITSTATUS(status), 5);
        EXPECT_TRUE(seen);
    });
    ASSERT_TRUE(io_test::asleep(waiter));
    child.tell();
    ASSERT_EQ(read(said.reader(), &byte, 1), 1);
    EXPECT_EQ(byte, 'e');
    seen = true;
    EXPECT_EQ(write(told.writer(), "x", 1), 1);
    EXPECT_EQ(waitpid(tracer, nullptr, 0), tracer);
}

// What its descriptor does not tell at all.
TEST(Children, AStopIsToldToWhoAsksForIt)
{
    const Child child{0};
    std::atomic<bool> stopped{false};
    Crew crew;
    crew.start([&] {
        int status = 0;
        EXPECT_EQ(waitpid(child.pid(), &status, WUNTRACED), child.pid());
        EXPECT_TRUE(WIFSTOPPED(status)) << status;
        stopped = true;
        siginfo_t info{};
        EXPECT_EQ(waitid(P_PID, static_cast<id_t>(child.pid()), &info, WCONTINUED), 0);
        EXPECT_EQ(info.si_code, CLD_CONTINUED);
    });
    crew.start([&] {
        EXPECT_EQ(kill(child.pid(), SIGSTOP), 0);
        EXPECT_TRUE(bounded::until([&] { return stopped.load(); }));
        EXPECT_EQ(kill(child.pid(), SIGCONT), 0);
    });
}

TEST(Children, AnyOfThemAndGroupsAreAwaited)
{
    for (const bool group : {false, true}) {
        const Child child{4};
        Crew crew;
        crew.start([&] {
            int status = 0;
            EXPECT_EQ(group ? waitpid(0, &status, 0) : wait(&status), child.pid());
            EXPECT_EQ(WEXITSTATUS(status), 4);
        });
        crew.start([&] { child.tell(); });
    }
}

// Marked so that nothing waits for it.
TEST(Children, ANonblockingDescriptorIsNotAwaited)
{
    constexpr unsigned kNonblocking = 04000;
    const Child child{0};
    const int fd = static_cast<int>(syscall(SYS_pidfd_open, child.pid(), kNonblocking));
    if (fd < 0) {
        GTEST_SKIP() << "no such flag";
    }
    Crew crew;
    crew.start([&] {
        siginfo_t info{};
        errno = 0;
        EXPECT_EQ(waitid(P_PIDFD, static_cast<id_t>(fd), &info, WEXITED), -1);
        EXPECT_EQ(errno, EAGAIN);
    });
    crew.join();
    close(fd);
}

TEST(Children, WhatIsNoneOrNoWaitFailsAtOnce)
{
    Crew crew;
    crew.start([] {
        Answer answer;
        wait_for(getpid(), answer);
        EXPECT_EQ(answer.error, ECHILD);
        errno = 0;
        EXPECT_EQ(waitpid(getpid(), nullptr, 0x7000), -1);
        EXPECT_EQ(errno, EINVAL);
        siginfo_t info{};
        errno = 0;
        EXPECT_EQ(waitid(P_PID, static_cast<id_t>(getpid()), &info, 0), -1);
        EXPECT_EQ(errno, EINVAL);
        errno = 0;
        EXPECT_EQ(waitid(P_PIDFD, 999'999, &info, WEXITED), -1);
        EXPECT_EQ(errno, EBADF);
    });
}

}  // namespace
