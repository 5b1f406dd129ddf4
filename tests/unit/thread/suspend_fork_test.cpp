// A thread that is suspended inside malloc holds up another's fork, which waits for malloc's locks
// with the library's held; whoever has suspended it can still continue it, and suspend the other.
#include <thread.h>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <ctime>

#include "support/bounded.h"
#include "support/rounds.h"

namespace {

std::atomic<bool> stop{false};
std::atomic<int> begun{0};

void* churn(void*)
{
    std::array<void*, 64> blocks{};
    for (std::size_t size = 2000; !stop; size = size % 5000 + 100) {
        for (void*& block : blocks) {
            block = std::malloc(size);
        }
        for (void* const block : blocks) {
            std::free(block);
        }
    }
    return nullptr;
}

void* fork_often(void*)
{
    while (!stop) {
        ++begun;
        const pid_t pid = fork1();
        if (pid == 0) {
            _exit(0);
        }
        int status = -1;
        EXPECT_EQ(waitpid(pid, &status, 0), pid);
        EXPECT_EQ(status, 0);
    }
    return nullptr;
}

void suspend_while_forking(bool suspends_both)
{
    stop = false;
    thread_t ids[2];
    ASSERT_EQ(thr_create(nullptr, 0, churn, nullptr, THR_BOUND, &ids[0]), 0);
    ASSERT_EQ(thr_create(nullptr, 0, fork_often, nullptr, THR_BOUND, &ids[1]), 0);
    // Each in another fork: where processors are scarce, it might never end between two
    // suspensions.
    int seen = begun;
    for (bounded::Rounds rounds{200}; rounds.next();) {
        ASSERT_TRUE(bounded::until([&] { return begun != seen; }));
        seen = begun;
        ASSERT_EQ(thr_suspend(ids[0]), 0);
        if (suspends_both) {
            ASSERT_EQ(thr_suspend(ids[1]), 0);
        }
        const timespec pause{0, 100'000};
        nanosleep(&pause, nullptr);
        if (suspends_both) {
            ASSERT_EQ(thr_continue(ids[1]), 0);
        }
        ASSERT_EQ(thr_continue(ids[0]), 0);
    }
    stop = true;
    for (const thread_t id : ids) {
        EXPECT_EQ(thr_join(id, nullptr, nullptr), 0);
    }
}

TEST(SuspendFork, AThreadStoppedInMallocCanBeContinued)
{
    suspend_while_forking(false);
}

TEST(SuspendFork, TheThreadInForkCanBeSuspended)
{
    suspend_while_forking(true);
}

}  // namespace
