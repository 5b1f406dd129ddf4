// What ends a wait for a child other than the child's end, and what is left behind.
#include <setjmp.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <vector>

#include "support/rounds.h"
#include "unit/io/child.h"

namespace {

using io_test::Answer;
using io_test::Child;
using io_test::Crew;
using io_test::Pair;
using io_test::watches;

std::atomic<int> handled{0};

void catch_signal(int signal, void (*handler)(int), int flags)
{
    struct sigaction action {};
    action.sa_handler = handler;
    action.sa_flags = flags;
    ASSERT_EQ(sigaction(signal, &action, nullptr), 0);
}

TEST(ChildWait, AHandlerEndsItUnlessItRestarts)
{
    for (const int flags : {0, SA_RESTART}) {
        handled = 0;
        catch_signal(
            SIGUSR1, [](int) { ++handled; }, flags);
        const Child child{0};
        Answer answer;
        std::atomic<bool> ended{false};
        Crew crew;
        const thread_t waiter = crew.start([&] {
            wait_for(child.pid(), answer);
            ended = true;
        });
        ASSERT_TRUE(io_test::asleep(waiter));
        ASSERT_TRUE(bounded::until([&] {
            if (handled == 0 || (flags == 0 && !ended)) {
                thr_kill(waiter, SIGUSR1);
            }
            return handled != 0 && (flags != 0 || ended);
        }));
        child.tell();
        crew.join();
        EXPECT_EQ(answer.got, flags == 0 ? -1 : child.pid());
        EXPECT_EQ(answer.error, flags == 0 ? EINTR : 0);
    }
}

// Whichever thread handles its signal.
TEST(ChildWait, AnEndIsToldThoughItsSignalInterrupts)
{
    constexpr int kRounds = 100;
    catch_signal(
        SIGCHLD, [](int) { ++handled; }, 0);
    for (int i = 0; i < kRounds; ++i) {
        handled = 0;
        const Child child{0};
        Crew crew;
        const thread_t waiter = crew.start([&] {
            Answer answer;
            wait_for(child.pid(), answer);
            EXPECT_EQ(answer.got, child.pid()) << answer.error;
        });
        ASSERT_TRUE(i % 2 == 0 || io_test::asleep(waiter));
        child.tell();
        crew.join();
        EXPECT_TRUE(bounded::until([] { return handled != 0; }));
    }
    signal(SIGCHLD, SIG_DFL);
}

thread_local sigjmp_buf escape;

TEST(ChildWait, NoDescriptorIsLeftWhenAHandlerLeavesIt)
{
    Crew{}.start([] {});  // the model is chosen with the first thread
    if (!io_test::parks()) {
        GTEST_SKIP() << "calls do not park";
    }
    catch_signal(
        SIGUSR1, [](int) { siglongjmp(escape, 1); }, SA_RESTART);
    const Child child{0};
    Crew crew;
    const thread_t waiter = crew.start([&] {
        if (sigsetjmp(escape, 1) == 0) {
            waitpid(child.pid(), nullptr, 0);
            ADD_FAILURE() << "not left";
        }
    });
    ASSERT_TRUE(io_test::asleep(waiter));
    EXPECT_EQ(watches().size(), 1U);
    EXPECT_EQ(thr_kill(waiter, SIGUSR1), 0);
    crew.join();
    EXPECT_TRUE(watches().empty());
}

// The number is the program's then, and stays so.
TEST(ChildWait, GoesOnWhenTheProgramTakesItsDescriptor)
{
    const Child child{9};
    Pair pair{Pair::kPipe};
    Crew crew;
    const thread_t waiter = crew.start([&] {
        int status = 0;
        EXPECT_EQ(waitpid(child.pid(), &status, 0), child.pid());
        EXPECT_EQ(WEXITSTATUS(status), 9);
    });
    ASSERT_TRUE(io_test::asleep(waiter));
    const std::vector<int> taken = watches();
    ASSERT_EQ(taken.size(), io_test::parks() ? 1U : 0U);
    for (const int fd : taken) {
        EXPECT_EQ(dup2(pair.writer(), fd), fd);
        EXPECT_TRUE(bounded::until([&] { return !watches().empty(); }));
    }
    child.tell();
    crew.join();
    for (const int fd : taken) {
        EXPECT_EQ(write(fd, "x", 1), 1);
        EXPECT_EQ(close(fd), 0);
    }
    EXPECT_TRUE(watches().empty());
}

// Also if the wait ends at that moment.
TEST(ChildWait, LeavesANumberThatTheProgramTakesWhenItEnds)
{
    Crew{}.start([] {});  // the model is chosen with the first thread
    if (!io_test::parks()) {
        GTEST_SKIP() << "calls do not park";
    }
    const Pair pair{Pair::kPipe};
    for (bounded::Rounds rounds{300}; rounds.next();) {
        const Child child{0};
        Crew crew;
        const thread_t waiter = crew.start([&] { waitpid(child.pid(), nullptr, 0); });
        ASSERT_TRUE(io_test::asleep(waiter));
        const std::vector<int> open = watches();
        ASSERT_EQ(open.size(), 1U);
        child.tell();
        for (std::atomic<unsigned> delay{static_cast<unsigned>(rounds.number()) * 100}; delay > 0;
             --delay) {}
        ASSERT_EQ(dup2(pair.writer(), open[0]), open[0]);
        crew.join();
        EXPECT_EQ(close(open[0]), 0);
    }
}

TEST(ChildWait, StaysInTheParentOfAFork)
{
    const Child child{0};
    Crew crew;
    const thread_t waiter = crew.start([&] {
        Answer answer;
        wait_for(child.pid(), answer);
        EXPECT_EQ(answer.got, child.pid());
    });
    ASSERT_TRUE(io_test::asleep(waiter));
    const pid_t copy = fork();
    if (copy == 0) {
        bool waits = false;
        {
            const Child own{3};
            Crew others;
            const thread_t other = others.start([&] {
                int status = 0;
                waits = waitpid(own.pid(), &status, 0) == own.pid() && WEXITSTATUS(status) == 3;
            });
            const bool open = !watches().empty();
            const bool slept = io_test::asleep(other);
            own.tell();
            others.join();
            waits = waits && slept && (!open || io_test::parks());
        }
        _exit(waits && watches().empty() ? 0 : 1);
    }
    int status = 0;
    EXPECT_EQ(waitpid(copy, &status, 0), copy);
    EXPECT_EQ(status, 0);
    child.tell();
}

}  // namespace
