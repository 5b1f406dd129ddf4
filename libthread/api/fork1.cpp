// fork1(2), forkx(2), forkall(2), forkallx(2)
#include <fcntl.h>
#include <sys/fork.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "base/compiler.h"
#include "os/syscall.h"
#include "sched/thread.h"
#include "thread/children.h"
#include "thread/fork_all.h"

static_assert(FORK_NOSIGCHLD == static_cast<int>(lt::kChildQuiet));
static_assert(FORK_WAITPID == static_cast<int>(lt::kChildById));

namespace {

// The child waits until it is known here: it could end before.
pid_t fork_noted(int flags)
{
    int ends[2];
    if (!lt::room_for_child()) {
        errno = EAGAIN;
        return -1;
    }
    if (::pipe2(ends, O_CLOEXEC) != 0) {
        errno = EAGAIN;
        return -1;
    }
    const pid_t pid = ::fork();
    const int error = errno;
    if (pid == 0) {
        ::close(ends[1]);
        char byte = 0;
        long got = 0;
        do {
            got = lt::os::raw_syscall(SYS_read, ends[0], lt::os::syscall_argument(&byte), 1);
        } while (got == -EINTR);
        ::close(ends[0]);
        if (got != 1) {
            ::_exit(127);  // the parent is gone
        }
        return 0;
    }
    ::close(ends[0]);
    bool noted = false;
    if (pid > 0) {
        noted = lt::note_child(pid, flags);
        if (noted) {
            const char byte = 1;
            lt::os::raw_syscall(SYS_write, ends[1], lt::os::syscall_argument(&byte), 1);
        }
    }
    ::close(ends[1]);
    if (pid > 0 && !noted) {
        lt::os::raw_syscall(SYS_kill, pid, SIGKILL);
        lt::os::raw_syscall(SYS_wait4, pid, 0, 0, 0);
        errno = EAGAIN;
        return -1;
    }
    errno = error;
    return pid;
}

bool is_defined(int flags)
{
    return (flags & ~(FORK_NOSIGCHLD | FORK_WAITPID)) == 0;
}

pid_t fork_all(int flags)
{
    const long child = lt::fork_all(lt::current(), flags);
    if (child < 0) {
        errno = static_cast<int>(-child);
        return -1;
    }
    return static_cast<pid_t>(child);
}

}  // namespace

LT_EXPORT pid_t fork1()
{
    return ::fork();
}

LT_EXPORT pid_t forkx(int flags)
{
    if (!is_defined(flags)) {
        errno = EINVAL;
        return -1;
    }
    return flags == 0 ? ::fork() : fork_noted(flags);
}

LT_EXPORT pid_t forkall()
{
    return fork_all(0);
}

LT_EXPORT pid_t forkallx(int flags)
{
    if (!is_defined(flags)) {
        errno = EINVAL;
        return -1;
    }
    if (flags != 0 && !lt::room_for_child()) {
        errno = EAGAIN;
        return -1;
    }
    return fork_all(flags);
}

LT_ALIAS(_fork1, fork1);
LT_ALIAS(_forkx, forkx);
LT_ALIAS(_forkall, forkall);
LT_ALIAS(_forkallx, forkallx);
