// What the tests of fork share: children that report by their exit status.
#pragma once

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

#include "conformance/fixture.h"

namespace conformance {

// What a child reports when all is well; its first failing check is its exit status otherwise.
inline constexpr int kFine = 0;

class ForkTest : public ThreadTest {
  protected:
    // Forks in a thread made with the parameter; the child exits with what `live` returns.
    template <class Function>
    int status_of_child(Function live)
    {
        int status = -1;
        join(start([&] { status = fork_and_wait(live); }));
        return status;
    }

    // Forks here and waits; -1: the child did not exit.
    template <class Function>
    static int fork_and_wait(Function live)
    {
        const pid_t pid = fork1();
        if (pid == 0) {
            std::_Exit(live());
        }
        EXPECT_GT(pid, 0);
        return exit_status(pid);
    }

    static int exit_status(pid_t pid)
    {
        int status = 0;
        pid_t ended = 0;
        EXPECT_TRUE(bounded::until([&] { return (ended = waitpid(pid, &status, WNOHANG)) != 0; }));
        if (ended == 0) {
            kill(pid, SIGKILL);
            waitpid(pid, &status, 0);
        }
        EXPECT_TRUE(WIFEXITED(status)) << "status " << status;
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }
};

}  // namespace conformance
