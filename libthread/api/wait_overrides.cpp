// wait(2) and its kin: an unbound thread waits without its LWP where it can (io/child.h), and a
// wait for many children passes over those that forkx reserved for a wait by id.
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "base/compiler.h"
#include "io/child.h"
#include "thread/children.h"

namespace {

constexpr int kWait4Only = WNOHANG | WUNTRACED | WCONTINUED;

// What the two families of calls give back.
struct Found {
    pid_t pid = 0;
    siginfo_t info{};  // if it came from waitid, or asked for
    int status = 0;
    rusage usage{};
};

siginfo_t info_of(const lt::EndedChild& ended)
{
    siginfo_t info{};
    info.si_signo = SIGCHLD;
    info.si_pid = ended.pid;
    if (WIFEXITED(ended.status)) {
        info.si_code = CLD_EXITED;
        info.si_status = WEXITSTATUS(ended.status);
    } else {
        info.si_code = WCOREDUMP(ended.status) ? CLD_DUMPED : CLD_KILLED;
        info.si_status = WTERMSIG(ended.status);
    }
    return info;
}

bool is_end(const siginfo_t& info)
{
    return info.si_code == CLD_EXITED || info.si_code == CLD_KILLED || info.si_code == CLD_DUMPED;
}

void fill(Found& found, const lt::EndedChild& ended)
{
    found.pid = ended.pid;
    found.status = ended.status;
    found.usage = ended.usage;
    found.info = info_of(ended);
}

// Whether a wait with these arguments would see that child kept by us.
bool take_kept(idtype_t type, id_t id, int options, Found& found)
{
    if ((options & WEXITED) == 0) {
        return false;
    }
    lt::EndedChild ended;
    const bool keep = (options & WNOWAIT) != 0;
    const auto number = static_cast<pid_t>(id);
    const bool taken = type == P_PID
                           ? lt::take_ended_child(number, 0, keep, ended)
                           : lt::take_ended_child(0, type == P_PGID ? number : 0, keep, ended);
    if (taken) {
        fill(found, ended);
    }
    return taken;
}

// Looks, without taking anything, what the kernel has for a wait for many. -1: errno.
// 0 in found.info.si_pid: nothing yet.
int peek(idtype_t type, id_t id, int options, Found& found)
{
    for (;;) {
        if (take_kept(type, id, options, found)) {
            return 1;
        }
        found.info = {};
        if (lt::io::waitid(type, id, &found.info, options | WNOWAIT) != 0) {
            return -1;
        }
        const pid_t pid = found.info.si_pid;
        if (pid == 0 || !is_end(found.info) ||
            (lt::flags_of_child(pid) & static_cast<int>(lt::kChildById)) == 0) {
            return 0;
        }
        lt::collect_child(pid);
    }
}

idtype_t type_of(pid_t pid, id_t& id)
{
    id = 0;
    if (pid == -1) {
        return P_ALL;
    }
    id = static_cast<id_t>(pid == 0 ? ::getpgrp() : pid < 0 ? -pid : pid);
    return pid > 0 ? P_PID : P_PGID;
}

// wait4 for one child, made with flags, by its id.
pid_t wait_for_one(pid_t pid, Found& found, int options)
{
    if (take_kept(P_PID, static_cast<id_t>(pid), WEXITED, found)) {
        return pid;
    }
    const pid_t got = lt::io::wait4(pid, &found.status, options, &found.usage);
    if (got == pid && (WIFEXITED(found.status) || WIFSIGNALED(found.status))) {
        lt::forget_child(pid);
    } else if (got < 0 && errno == ECHILD &&
               take_kept(P_PID, static_cast<id_t>(pid), WEXITED, found)) {
        return pid;  // reaped on behalf of another wait meanwhile
    }
    return got;
}

pid_t wait_for_many(pid_t pid, Found& found, int options)
{
    id_t id = 0;
    const idtype_t type = type_of(pid, id);
    int peek_options = (options & ~kWait4Only) | WEXITED | (options & WNOHANG);
    peek_options |= (options & WUNTRACED) != 0 ? WSTOPPED : 0;
    peek_options |= (options & WCONTINUED) != 0 ? WCONTINUED : 0;
    for (;;) {
        const int seen = peek(type, id, peek_options, found);
        if (seen != 0 || found.info.si_pid == 0) {
            return seen < 0 ? -1 : found.pid;
        }
        const pid_t got =
            lt::io::wait4(found.info.si_pid, &found.status, options | WNOHANG, &found.usage);
        if (got > 0) {
            if (WIFEXITED(found.status) || WIFSIGNALED(found.status)) {
                lt::forget_child(got);
            }
            return got;
        }
        // Another wait was first: look again.
    }
}

pid_t wait_any(pid_t pid, int* status, int options, rusage* usage)
{
    if (pid > 0 && lt::flags_of_child(pid) == 0) {
        return lt::io::wait4(pid, status, options, usage);
    }
    Found found;
    const int saved_errno = errno;
    const pid_t got =
        pid > 0 ? wait_for_one(pid, found, options) : wait_for_many(pid, found, options);
    if (got > 0) {
        errno = saved_errno;
        if (status != nullptr) {
            *status = found.status;
        }
        if (usage != nullptr) {
            *usage = found.usage;
        }
    }
    return got;
}

int waitid_one(id_t id, siginfo_t* info, int options)
{
    Found found;
    if (take_kept(P_PID, id, options, found)) {
        *info = found.info;
        return 0;
    }
    const int result = lt::io::waitid(P_PID, id, info, options);
    if (result == 0 && info->si_pid != 0 && is_end(*info) && (options & WNOWAIT) == 0) {
        lt::forget_child(info->si_pid);
    } else if (result != 0 && errno == ECHILD && take_kept(P_PID, id, options, found)) {
        *info = found.info;
        return 0;
    }
    return result;
}

int waitid_many(idtype_t type, id_t id, siginfo_t* info, int options)
{
    for (;;) {
        Found found;
        const int seen = peek(type, id, options, found);
        if (seen < 0) {
            return -1;
        }
        *info = found.info;
        if (seen > 0 || found.info.si_pid == 0 || (options & WNOWAIT) != 0) {
            return 0;
        }
        const auto pid = static_cast<id_t>(found.info.si_pid);
        siginfo_t taken{};
        if (lt::io::waitid(P_PID, pid, &taken, options | WNOHANG) == 0 && taken.si_pid != 0) {
            if (is_end(taken)) {
                lt::forget_child(taken.si_pid);
            }
            *info = taken;
            return 0;
        }
        // Another wait was first: look again.
    }
}

}  // namespace

LT_EXPORT pid_t wait4(pid_t pid, int* status, int options, rusage* usage)
{
    return wait_any(pid, status, options, usage);
}

LT_EXPORT pid_t wait3(int* status, int options, rusage* usage)
{
    return wait_any(-1, status, options, usage);
}

LT_EXPORT pid_t waitpid(pid_t pid, int* status, int options)
{
    return wait_any(pid, status, options, nullptr);
}

LT_EXPORT pid_t wait(int* status)
{
    return wait_any(-1, status, 0, nullptr);
}

LT_EXPORT int waitid(idtype_t type, id_t id, siginfo_t* info, int options)
{
    siginfo_t unwanted{};
    siginfo_t* where = info != nullptr ? info : &unwanted;
    if (type == P_PID) {
        return waitid_one(id, where, options);
    }
    if (type == P_ALL || type == P_PGID) {
        return waitid_many(type, type == P_PGID && id == 0 ? static_cast<id_t>(::getpgrp()) : id,
                           where, options);
    }
    return lt::io::waitid(type, id, info, options);
}
