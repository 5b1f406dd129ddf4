#include "faults/injector.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/futex.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdio>
#include <cstdlib>

namespace faults {
namespace {

constexpr long kOptions = PTRACE_O_TRACESECCOMP | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK |
                          PTRACE_O_TRACEVFORK | PTRACE_O_EXITKILL;

[[noreturn]] void fail(const char* what)
{
    std::perror(what);
    std::exit(2);
}

void install_filter(const std::vector<long>& calls)
{
    std::vector<sock_filter> filter;
    filter.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)));
    for (const long call : calls) {
        filter.push_back(
            BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(call), 0, 1));
        filter.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE));
    }
    filter.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
    sock_fprog program{static_cast<unsigned short>(filter.size()), filter.data()};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
        fail("seccomp");
    }
}

[[noreturn]] void become(const std::vector<std::string>& arguments, const std::vector<long>& calls,
                         int seized, int output)
{
    char byte = 0;
    if (read(seized, &byte, 1) != 1) {
        _exit(2);
    }
    dup2(output, STDOUT_FILENO);
    dup2(output, STDERR_FILENO);
    std::vector<char*> words;
    for (const std::string& argument : arguments) {
        words.push_back(const_cast<char*>(argument.c_str()));
    }
    words.push_back(nullptr);
    install_filter(calls);
    execv(words[0], words.data());
    fail("exec");
}

std::string describe(const user_regs_struct& registers)
{
    std::array<char, 100> text{};
    std::snprintf(text.data(), text.size(), "(%#llx, %#llx, %#llx, %#llx) at %#llx", registers.rdi,
                  registers.rsi, registers.rdx, registers.r10, registers.rip);
    return text.data();
}

class Tracer {
  public:
    Tracer(pid_t leader, const Fault& fault) : leader_{leader}, fault_{fault} {}

    // Until the process has ended.
    Result follow()
    {
        for (;;) {
            int status = 0;
            const pid_t task = waitpid(-1, &status, __WALL);
            if (task < 0) {
                if (errno == EINTR) {
                    continue;  // the alarm has killed the process
                }
                return result_;
            }
            if (WIFSTOPPED(status)) {
                on_stop(task, status);
            } else if (task == leader_) {
                result_.exited = WIFEXITED(status);
                result_.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
                result_.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
            }
        }
    }

  private:
    void on_stop(pid_t task, int status)
    {
        const int event = status >> 16;
        if (event == PTRACE_EVENT_SECCOMP) {
            on_call(task);
        }
        // A signal goes on its way; other events are only stops.
        ptrace(PTRACE_CONT, task, 0, event == 0 ? WSTOPSIG(status) : 0);
    }

    void on_call(pid_t task)
    {
        user_regs_struct registers{};
        if (ptrace(PTRACE_GETREGS, task, 0, &registers) != 0) {
            return;  // killed meanwhile
        }
        const long call = static_cast<long>(registers.orig_rax);
        if (call == kMark) {
            counts_now_ = registers.rdi != kEnd;
            starts_ = registers.rdi == kBegin;
            return;
        }
        const unsigned operation = operation_of(call, registers.rsi);
        if (!counts_now_) {
            return;
        }
        const unsigned n = ++result_.counts[{call, operation}];
        if (call == fault_.call && operation == fault_.operation && n == fault_.n) {
            result_.injected = true;
            result_.at_start = starts_;
            result_.arguments = describe(registers);
            registers.orig_rax = ~0ULL;  // the call is skipped
            registers.rax = static_cast<unsigned long long>(-static_cast<long long>(fault_.error));
            ptrace(PTRACE_SETREGS, task, 0, &registers);
        }
    }

    pid_t leader_;
    Fault fault_;
    bool counts_now_ = false;
    bool starts_ = false;
    Result result_;
};

volatile sig_atomic_t expired;
volatile pid_t traced;

void kill_traced(int)
{
    expired = 1;
    kill(traced, SIGKILL);
}

void arm(std::chrono::seconds limit)
{
    struct sigaction action {};
    action.sa_handler = kill_traced;
    sigaction(SIGALRM, &action, nullptr);
    expired = 0;
    alarm(static_cast<unsigned>(limit.count()));
}

std::string read_all(int fd)
{
    std::string text;
    std::array<char, 4096> part{};
    lseek(fd, 0, SEEK_SET);
    for (ssize_t size = 0; (size = read(fd, part.data(), part.size())) > 0;) {
        text.append(part.data(), static_cast<std::size_t>(size));
    }
    return text;
}

}  // namespace

unsigned operation_of(long call, std::uint64_t second_argument)
{
    return call == SYS_futex
               ? static_cast<unsigned>(second_argument) & static_cast<unsigned>(FUTEX_CMD_MASK)
               : 0;
}

Result run(const std::vector<std::string>& arguments, const std::vector<long>& calls,
           const Fault& fault, std::chrono::seconds limit)
{
    std::array<int, 2> go{};
    const int output = static_cast<int>(syscall(SYS_memfd_create, "output", 1U));
    if (pipe2(go.data(), O_CLOEXEC) != 0 || output < 0) {
        fail("pipe");
    }
    std::vector<long> traced_calls = calls;
    traced_calls.push_back(kMark);
    const pid_t child = fork();
    if (child == 0) {
        become(arguments, traced_calls, go[0], output);
    }
    traced = child;
    arm(limit);
    if (child < 0 || ptrace(PTRACE_SEIZE, child, 0, kOptions) != 0 || write(go[1], "", 1) != 1) {
        fail("ptrace");
    }
    close(go[0]);
    close(go[1]);
    Result result = Tracer{child, fault}.follow();
    alarm(0);
    result.timed_out = expired != 0;
    result.output = read_all(output);
    close(output);
    return result;
}

}  // namespace faults
