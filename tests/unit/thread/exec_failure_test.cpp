// exec(2) that fails, again and again: meanwhile the process is as ever. Signals, suspensions,
// calls on every task and forks are put off for a moment at the most.
#include <thread.h>

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>

#include "support/bounded.h"
#include "support/rounds.h"
#include "unit/thread/children.h"

namespace {

using namespace children;

std::atomic<bool> stop{false};

// Never in the library: signals and suspensions need the library's own signal.
std::atomic<std::uint64_t> turns{0};

void* compute(void*)
{
    target = thr_self();
    while (!stop) {
        ++turns;
    }
    return nullptr;
}

void* fail_to_exec(void*)
{
    char* const arguments[] = {const_cast<char*>("none"), nullptr};
    while (!stop) {
        errno = 0;
        EXPECT_EQ(execv("/nonexistent/none", arguments), -1);
        EXPECT_EQ(errno, ENOENT);
        thr_yield();
    }
    return nullptr;
}

TEST(Exec, ThatFailsDelaysSignalsAndSuspensionsOnly)
{
    catch_signal(SIGUSR1, note);
    stop = false;
    handled = 0;
    target = 0;
    thread_t ids[2];
    ASSERT_EQ(thr_create(nullptr, 0, compute, nullptr, 0, &ids[0]), 0);
    ASSERT_EQ(thr_create(nullptr, 0, fail_to_exec, nullptr, THR_BOUND, &ids[1]), 0);
    ASSERT_TRUE(bounded::until([] { return target != 0; }));
    for (int i = 1; i <= 25; ++i) {
        ASSERT_EQ(thr_kill(target, SIGUSR1), 0);
        ASSERT_TRUE(bounded::until([i] { return handled >= i; })) << i;
        ASSERT_EQ(thr_suspend(target), 0);
        const std::uint64_t seen = turns;
        thr_yield();
        ASSERT_EQ(turns, seen);
        ASSERT_EQ(thr_continue(target), 0);
        ASSERT_TRUE(bounded::until([seen] { return turns != seen; }));
    }
    stop = true;
    thr_join(ids[0], nullptr, nullptr);
    thr_join(ids[1], nullptr, nullptr);
}

// A collector suspends the thread that tries to exec first, then one that never calls the library.
// It once waited for ever: the first had stopped while it kept signals from being sent.
TEST(Exec, ThatFailsKeepsNobodyFromSuspendingAll)
{
    stop = false;
    target = 0;
    thread_t ids[2];
    ASSERT_EQ(thr_create(nullptr, 0, fail_to_exec, nullptr, 0, &ids[0]), 0);
    ASSERT_EQ(thr_create(nullptr, 0, compute, nullptr, THR_BOUND, &ids[1]), 0);
    ASSERT_TRUE(bounded::until([] { return target != 0; }));
    for (bounded::Rounds rounds{300}; rounds.next();) {
        for (const thread_t id : ids) {
            ASSERT_EQ(thr_suspend(id), 0);
        }
        for (const thread_t id : ids) {
            ASSERT_EQ(thr_continue(id), 0);
        }
        thr_yield();
    }
    stop = true;
    thr_join(ids[0], nullptr, nullptr);
    thr_join(ids[1], nullptr, nullptr);
}

std::atomic<int> failed_children{0};
std::atomic<bool> is_child{false};

// On the thread that tries to exec: changes the identity of all tasks; now and then it forks.
void ask_and_fork(int)
{
    constexpr int kEach = 25;
    failed_children += seteuid(geteuid()) == 0 ? 0 : 1;
    if (++handled % kEach != 0 || is_child) {
        return;
    }
    const pid_t pid = fork();
    if (pid == 0) {
        is_child = true;
        stop = false;  // the parent's last child may find it set
        alarm(170);
    } else {
        failed_children += end_of(pid) == 0 ? 0 : 1;
    }
}

// Needs a signal of the library's.
int suspend_one_that_computes()
{
    thread_t id = 0;
    target = 0;
    return thr_create(nullptr, 0, compute, nullptr, 0, &id) == 0 &&
                   bounded::until([] { return target != 0; }) && thr_suspend(id) == 0
               ? 0
               : 1;
}

void* fail_to_exec_with_handlers(void*)
{
    char* const arguments[] = {const_cast<char*>("none"), nullptr};
    while (!stop) {
        execv("/nonexistent/none", arguments);
        if (is_child) {
            _exit(suspend_one_that_computes());
        }
    }
    return nullptr;
}

// The kernel hands a bound thread its signals in the middle of the attempt.
TEST(Exec, ThatFailsLetsHandlersAskEveryTaskAndFork)
{
    catch_signal(SIGUSR1, ask_and_fork);
    stop = false;
    handled = 0;
    thread_t id = 0;
    ASSERT_EQ(thr_create(nullptr, 0, fail_to_exec_with_handlers, nullptr, THR_BOUND, &id), 0);
    for (int i = 1; i <= 100; ++i) {
        ASSERT_EQ(thr_kill(id, SIGUSR1), 0);
        ASSERT_TRUE(bounded::until([i] { return handled >= i; })) << i;
    }
    stop = true;
    EXPECT_EQ(thr_join(id, nullptr, nullptr), 0);
    EXPECT_EQ(failed_children, 0);
}

}  // namespace
