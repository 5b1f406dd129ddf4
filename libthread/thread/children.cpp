#include "thread/children.h"

#include <sys/wait.h>
#include <unistd.h>

#include "base/atomic.h"
#include "os/syscall.h"

namespace lt {
namespace {

constexpr int kMaxChildren = 256;

// kBusy: one caller fills, collects or takes it; others wait for the moment.
enum class ChildState : std::uint32_t { kFree, kBusy, kAlive, kEnded };

struct Child {
    // Each change to and from kBusy is an exchange by one caller: acquire to read the other
    // fields, release to hand them on.
    Atomic<ChildState> state{ChildState::kFree};
    Atomic<pid_t> pid{0};  // written while kBusy; read by look-ups, which look again
    int flags = 0;
    int status = 0;
    pid_t group = 0;
    rusage usage{};
};

constinit Child children[kMaxChildren];
// Entries in use; keeps the usual case, none, cheap. relaxed: an entry is noted before its child
// runs.
constinit Atomic<int> count{0};

bool claim(Child& child, ChildState from)
{
    ChildState expected = from;
    // acquire: the fields as the last owner left them. relaxed: somebody else has it.
    return child.state.compare_exchange_strong(expected, ChildState::kBusy, memory_order_acquire,
                                               memory_order_relaxed);
}

void release(Child& child, ChildState to)
{
    child.state.store(to, memory_order_release);  // release: pairs with claim()
}

void set_free(Child& child)
{
    child.pid.store(0, memory_order_relaxed);  // relaxed: busy, and soon free
    count.fetch_sub(1, memory_order_relaxed);  // relaxed: see its declaration
    release(child, ChildState::kFree);
}

// The state once nobody works on the entry.
ChildState settled_state(const Child& child)
{
    for (;;) {
        // acquire: the fields may be read if the caller's next claim succeeds.
        const ChildState state = child.state.load(memory_order_acquire);
        if (state != ChildState::kBusy) {
            return state;
        }
        os::raw_syscall(SYS_sched_yield);
    }
}

Child* find(pid_t pid)
{
    if (count.load(memory_order_relaxed) == 0) {  // relaxed: see its declaration
        return nullptr;
    }
    for (Child& child : children) {
        // relaxed: a process id is somebody else's only once this child is reaped.
        if (child.pid.load(memory_order_relaxed) == pid) {
            return &child;
        }
    }
    return nullptr;
}

long wait_without_blocking(pid_t pid, int* status, rusage* usage)
{
    return os::raw_syscall(SYS_wait4, pid, os::syscall_argument(status), WNOHANG,
                           os::syscall_argument(usage));
}

bool is_end(const siginfo_t& info)
{
    return info.si_code == CLD_EXITED || info.si_code == CLD_KILLED || info.si_code == CLD_DUMPED;
}

}  // namespace

bool room_for_child() noexcept
{
    return count.load(memory_order_relaxed) < kMaxChildren;  // relaxed: note_child() decides
}

bool note_child(pid_t pid, int flags) noexcept
{
    for (Child& child : children) {
        if (claim(child, ChildState::kFree)) {
            child.flags = flags;
            child.pid.store(pid, memory_order_relaxed);  // relaxed: see find()
            count.fetch_add(1, memory_order_relaxed);    // relaxed: see its declaration
            release(child, ChildState::kAlive);
            return true;
        }
    }
    return false;
}

int flags_of_child(pid_t pid) noexcept
{
    const Child* child = find(pid);
    return child != nullptr ? child->flags : 0;
}

void collect_child(pid_t pid) noexcept
{
    Child* child = find(pid);
    if (child == nullptr || !claim(*child, ChildState::kAlive)) {
        return;
    }
    child->group = static_cast<pid_t>(os::raw_syscall(SYS_getpgid, pid));
    const long got = wait_without_blocking(pid, &child->status, &child->usage);
    if (got == pid) {
        release(*child, ChildState::kEnded);
    } else if (got == 0) {
        release(*child, ChildState::kAlive);
    } else {
        set_free(*child);  // somebody else got it
    }
}

bool take_ended_child(pid_t pid, pid_t group, bool keep, EndedChild& ended) noexcept
{
    if (count.load(memory_order_relaxed) == 0) {  // relaxed: see its declaration
        return false;
    }
    for (Child& child : children) {
        const pid_t own = child.pid.load(memory_order_relaxed);  // relaxed: see find()
        if (own == 0 || (pid != 0 && own != pid) || settled_state(child) != ChildState::kEnded ||
            !claim(child, ChildState::kEnded)) {
            continue;
        }
        const bool fits =
            child.pid.load(memory_order_relaxed) == own &&  // relaxed: busy
            (pid != 0 || ((child.flags & kChildById) == 0 && (group == 0 || group == child.group)));
        if (!fits) {
            release(child, ChildState::kEnded);
            continue;
        }
        ended.pid = own;
        ended.status = child.status;
        ended.usage = child.usage;
        if (keep) {
            release(child, ChildState::kEnded);
        } else {
            set_free(child);
        }
        return true;
    }
    return false;
}

void forget_child(pid_t pid) noexcept
{
    Child* child = find(pid);
    if (child != nullptr && claim(*child, ChildState::kAlive)) {
        set_free(*child);
    }
}

void forget_children_after_fork() noexcept
{
    for (Child& child : children) {
        child.pid.store(0, memory_order_relaxed);                    // relaxed: nobody else is here
        child.state.store(ChildState::kFree, memory_order_relaxed);  // relaxed: as above
    }
    count.store(0, memory_order_relaxed);  // relaxed: as above
}

bool is_quiet_end(siginfo_t& info) noexcept
{
    if (!is_end(info) || (flags_of_child(info.si_pid) & kChildQuiet) == 0) {
        return false;
    }
    for (;;) {
        siginfo_t other{};
        const long error = os::raw_syscall(SYS_waitid, P_ALL, 0, os::syscall_argument(&other),
                                           WEXITED | WNOHANG | WNOWAIT, 0);
        if (error != 0 || other.si_pid == 0) {
            return true;
        }
        if ((flags_of_child(other.si_pid) & kChildQuiet) == 0) {
            info = other;
            info.si_signo = SIGCHLD;
            return false;
        }
        collect_child(other.si_pid);
    }
}

}  // namespace lt
