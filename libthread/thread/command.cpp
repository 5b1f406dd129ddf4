#include "thread/command.h"

#include <pthread.h>
#include <spawn.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <iterator>

#include "io/child.h"
#include "os/signal_mask.h"
#include "os/spinlock.h"
#include "thread/handlers.h"

namespace lt {
namespace {

// Ignored while a command runs, whoever has started it.
constexpr int kInterrupts[] = {SIGINT, SIGQUIT};

// Leaf. A caller need not be a thread that the library knows, so it is in no critical region: it
// blocks all signals in the kernel instead.
constinit SpinLock lock;
constinit int running LT_GUARDED_BY(lock) = 0;
constinit struct sigaction actions[std::size(kInterrupts)] LT_GUARDED_BY(lock) = {};

class Blocked {
  public:
    Blocked() : before_{os::set_kernel_mask(os::kAllSignals)} {}
    ~Blocked() { os::set_kernel_mask(before_); }
    Blocked(const Blocked&) = delete;
    Blocked& operator=(const Blocked&) = delete;

  private:
    std::uint64_t before_;
};

// The signals that the command is not to ignore.
sigset_t begin_command()
{
    struct sigaction ignore {};
    ignore.sa_handler = SIG_IGN;
    sigset_t defaults;
    sigemptyset(&defaults);
    const Blocked blocked;
    const SpinGuard guard{lock};
    const bool first = running++ == 0;
    for (std::size_t i = 0; i < std::size(kInterrupts); ++i) {
        if (first) {
            change_action(kInterrupts[i], &ignore, &actions[i]);
        }
        if (actions[i].sa_handler != SIG_IGN) {
            sigaddset(&defaults, kInterrupts[i]);
        }
    }
    return defaults;
}

void end_command()
{
    const Blocked blocked;
    const SpinGuard guard{lock};
    if (--running != 0) {
        return;
    }
    for (std::size_t i = 0; i < std::size(kInterrupts); ++i) {
        change_action(kInterrupts[i], &actions[i], nullptr);
    }
}

int spawn(const char* command, const sigset_t& mask, const sigset_t& defaults, pid_t& pid)
{
    posix_spawnattr_t attributes;
    ::posix_spawnattr_init(&attributes);
    ::posix_spawnattr_setsigmask(&attributes, &mask);
    ::posix_spawnattr_setsigdefault(&attributes, &defaults);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    const char* const arguments[] = {"sh", "-c", command, nullptr};
    const int error = ::posix_spawn(&pid, "/bin/sh", nullptr, &attributes,
                                    const_cast<char* const*>(arguments), environ);  // NOLINT
    ::posix_spawnattr_destroy(&attributes);
    return error;
}

// The caller has been cancelled.
void abandon(void* command)
{
    const pid_t pid = *static_cast<const pid_t*>(command);
    os::raw_syscall(SYS_kill, pid, SIGKILL);
    while (os::raw_syscall(SYS_wait4, pid, 0, 0, 0) == -EINTR) {}
    end_command();
}

int await(pid_t pid)
{
    int status = -1;
    pid_t ended = -1;
    pthread_cleanup_push(abandon, &pid);
    do {
        ended = io::wait4(pid, &status, 0, nullptr);
    } while (ended < 0 && errno == EINTR);
    pthread_cleanup_pop(0);
    return ended == pid ? status : -1;
}

}  // namespace

int run_command(const char* command)
{
    constexpr int kNoShell = 127 << 8;
    const sigset_t defaults = begin_command();
    sigset_t mask;
    sigset_t ends;
    sigemptyset(&ends);
    sigaddset(&ends, SIGCHLD);
    ::pthread_sigmask(SIG_BLOCK, &ends, &mask);
    pid_t pid = 0;
    const int error = spawn(command, mask, defaults, pid);
    const int status = error == 0 ? await(pid) : kNoShell;
    end_command();
    ::pthread_sigmask(SIG_SETMASK, &mask, nullptr);
    if (error != 0) {
        errno = error;
    }
    return status;
}

void reset_commands_after_fork() noexcept LT_NO_TSA
{
    running = 0;
    lock.unlock();
}

}  // namespace lt
