// Tests that change the whole process for good (its TCB model, its address space) run in a child.
#pragma once

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>

namespace forked {

// Runs `body` in a child and fails unless all its expectations held. A child that hangs is ended by
// the alarm.
template <class Body>
void run(Body body)
{
    constexpr unsigned kPatienceSeconds = 170;
    std::fflush(nullptr);
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        alarm(kPatienceSeconds);
        body();
        std::fflush(nullptr);
        _exit(testing::Test::HasFailure() ? 1 : 0);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status)) << "killed by signal " << WTERMSIG(status);
    EXPECT_EQ(WEXITSTATUS(status), 0) << "expectations of the child failed; see above";
}

}  // namespace forked
