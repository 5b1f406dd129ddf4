// The system calls that a thread of a child makes, counted from outside, by tracing.
#pragma once

#include <gtest/gtest.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <functional>
#include <vector>

#include "support/crew.h"

namespace traced {

// A system call with these arguments begins and ends what is counted.
inline constexpr long kMarker = SYS_getppid;
inline constexpr unsigned long kMagic = 0x6c7764;

inline void mark()
{
    syscall(kMarker, kMagic);
}

// Runs `body` on an unbound thread of a traced child; the system calls that its LWP made between
// the marks.
class Traced {
  public:
    explicit Traced(const std::function<void()>& body)
    {
        const pid_t child = fork();
        if (child == 0) {
            ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
            syscall(SYS_tgkill, getpid(), getpid(), SIGSTOP);
            {
                crew::Crew crew;
                crew.start(body);
            }
            _exit(testing::Test::HasFailure() ? 1 : 0);
        }
        follow(child);
    }

    [[nodiscard]] const std::vector<long>& calls() const { return calls_; }
    [[nodiscard]] bool ended_well() const { return well_; }

  private:
    void follow(pid_t child)
    {
        int status = 0;
        waitpid(child, &status, 0);
        ptrace(PTRACE_SETOPTIONS, child, nullptr,
               PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL);
        ptrace(PTRACE_SYSCALL, child, nullptr, nullptr);
        for (;;) {
            const pid_t task = waitpid(-1, &status, __WALL);
            if (task < 0) {
                return;
            }
            if (WIFEXITED(status) || WIFSIGNALED(status)) {
                if (task == child) {
                    well_ = WIFEXITED(status) && WEXITSTATUS(status) == 0;
                    return;
                }
                continue;
            }
            int signal = WSTOPSIG(status);
            if (signal == (SIGTRAP | 0x80)) {
                note(task);
                signal = 0;
            } else if (signal == SIGTRAP || signal == SIGSTOP) {
                signal = 0;
            }
            ptrace(PTRACE_SYSCALL, task, nullptr, signal);
        }
    }

    void note(pid_t task)
    {
        __ptrace_syscall_info info{};
        if (ptrace(PTRACE_GET_SYSCALL_INFO, task, sizeof(info), &info) <= 0 ||
            info.op != PTRACE_SYSCALL_INFO_ENTRY) {
            return;
        }
        const auto number = static_cast<long>(info.entry.nr);
        if (number == kMarker && info.entry.args[0] == kMagic) {
            counted_ = counted_ == 0 ? task : 0;
        } else if (task == counted_) {
            calls_.push_back(number);
        }
    }

    pid_t counted_ = 0;
    std::vector<long> calls_;
    bool well_ = false;
};

}  // namespace traced
