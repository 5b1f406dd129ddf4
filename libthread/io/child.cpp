#include "io/child.h"

#include <fcntl.h>

#include <cerrno>

#include "io/call.h"
#include "io/epoll_set.h"
#include "io/poller.h"
#include "os/clock.h"
#include "os/real.h"
#include "os/syscall.h"
#include "sched/critical.h"
#include "sched/held_lwp.h"
#include "sync/cancellation.h"

namespace lt::io {
namespace {

struct Child {
    WaitKind kind;     // kWaitPid, or kWaitFd
    std::uint32_t id;  // its number, or the program's descriptor of it
};

// A descriptor of the library's own; negative: there is none to be had. In a critical region, as is
// the sleep until it is closed: no handler that leaves by siglongjmp leaves it open.
int open_watch(std::uint32_t pid)
{
    count_child_watches(1);
    const long opened = os::raw_syscall(SYS_pidfd_open, pid, 0);
    const int fd = opened >= 0 ? move_up(static_cast<int>(opened)) : -1;
    FdEntry* entry = entry_of(fd);
    if (entry == nullptr) {
        if (fd >= 0) {
            os::raw_syscall(SYS_close, fd);
        }
        count_child_watches(-1);
        return -1;
    }
    note_fresh(*entry);
    entry->kind.store(FdKind::kChild, memory_order_relaxed);  // relaxed: see close_watch()
    return fd;
}

void close_watch(int fd)
{
    FdEntry& entry = *entry_if_known(fd);
    {
        const SpinGuard guard{entry.lock};
        // relaxed, all: of a registered one, changed under the lock only. A program that closes the
        // number, or wants it for another file, takes the mark away first: note_closing().
        if (entry.kind.load(memory_order_relaxed) == FdKind::kChild) {
            control_epoll(EPOLL_CTL_DEL, fd, 0, 0);
            entry.registered.store(false, memory_order_relaxed);       // relaxed: as above
            entry.kind.store(FdKind::kUnknown, memory_order_relaxed);  // relaxed: as above
            os::raw_syscall(SYS_close, fd);
        }
    }
    count_child_watches(-1);
}

// When a thread that has waited since then looks by itself.
Deadline next_look(std::int64_t since)
{
    constexpr std::int64_t kFirst = 10'000'000;
    const std::int64_t now = os::monotonic_now();
    return {saturating_add(now, now - since + kFirst), Clock::kMonotonic};
}

// Sleeps until the descriptor is ready, or something else comes, and tries. -EAGAIN: something
// else; kUseLibc: only the kernel knows.
template <class Attempt>
long sleep_on(Thread& self, const Child& child, int fd, std::int64_t since, Attempt attempt)
{
    const bool foreign = child.kind == WaitKind::kWaitFd;
    Waiter waiter{&self, since};
    WaitNode node;
    node.waiter = &waiter;
    node.events = EPOLLIN;
    if (const int error = join_waiters(self, node, fd)) {
        return foreign && error == EBADF ? -EBADF : error == ESTALE ? -EAGAIN : kUseLibc;
    }
    long result = -EAGAIN;
    WakeCause cause = WakeCause::kTimedOut;
    while (cause == WakeCause::kTimedOut && result == -EAGAIN) {
        const Deadline look = next_look(since);
        cause = sleep_for_descriptor(self, waiter, child.kind, child.id, &look);
        result = cause == WakeCause::kTimedOut ? attempt() : result;
    }
    static_cast<void>(leave_waiters(node));
    if (result == -EAGAIN) {
        result = attempt();
    }
    // relaxed: stored under the entry's lock, which we have taken since.
    const std::uint32_t outcome = waiter.outcome.load(memory_order_relaxed);
    if (result != -EAGAIN || outcome == Waiter::kNone) {
        return result;
    }
    if (outcome == Waiter::kReady) {
        return kUseLibc;  // a tracer is told of the end first, if there is one
    }
    return foreign ? -EBADF : -EAGAIN;
}

template <class Attempt>
long sleep_once(Thread& self, const Child& child, std::int64_t since, Attempt attempt)
{
    if (child.kind == WaitKind::kWaitFd) {
        return sleep_on(self, child, static_cast<int>(child.id), since, attempt);
    }
    const int fd = open_watch(child.id);
    if (fd < 0) {
        return kUseLibc;
    }
    // The child was ours, unreaped, at the attempt before. Had another thread reaped it since, and
    // the number become a stranger's by the time it was opened, there would be no such child now.
    long result = attempt();
    if (result == -EAGAIN) {
        result = sleep_on(self, child, fd, since, attempt);
    }
    close_watch(fd);
    return result;
}

// Whether the program has said of its descriptor that nothing waits for it.
bool is_nonblocking(const Child& child)
{
    return child.kind == WaitKind::kWaitFd &&
           (os::raw_syscall(SYS_fcntl, child.id, F_GETFL) & O_NONBLOCK) != 0;
}

// `attempt` never waits: -EAGAIN; `block` is libc's own function.
template <class Attempt, class Block>
long wait_for_end(Thread& self, const Child& child, Attempt attempt, Block block)
{
    act_on_cancellation(self);
    const HandlersSeen before{self};
    long result = attempt();
    if (LT_LIKELY(result != -EAGAIN)) {
        return finish(result);
    }
    if (is_nonblocking(child)) {
        return finish(-EAGAIN);
    }
    const std::int64_t since = os::monotonic_now();
    while (result == -EAGAIN && can_park_here(self)) {
        enter_critical(self);
        const bool interrupted = before.interrupt(self, true);
        result = interrupted ? attempt() : sleep_once(self, child, since, attempt);
        leave_critical(self);  // pending handlers run here
        if (result == -EAGAIN && interrupted) {
            return finish(-EINTR);
        }
        if (result == -EAGAIN) {
            act_on_cancellation(self);
        }
    }
    if (result != -EAGAIN && result != kUseLibc) {
        return finish(result);
    }
    expect_to_block(self);
    return block();
}

// The calling thread, if it may park in a wait with these options, or has to hold its LWP.
Thread* waiting_self(int options)
{
    return (options & WNOHANG) == 0 ? parking_self() : nullptr;
}

// Which other than ends are asked for, or whose children.
constexpr int kKernelTells = WUNTRACED | WCONTINUED | __WNOTHREAD;
static_assert(WSTOPPED == WUNTRACED);

}  // namespace

pid_t wait4(pid_t pid, int* status, int options, rusage* usage)
{
    const auto block = [=] { return os::real().wait4(pid, status, options, usage); };
    Thread* self = waiting_self(options);
    if (self == nullptr) {
        return block();
    }
    if (pid <= 0 || (options & kKernelTells) != 0) {
        expect_to_block(*self);
        return block();
    }
    const auto attempt = [=] {
        const long ended = os::raw_syscall(SYS_wait4, pid, os::syscall_argument(status),
                                           options | WNOHANG, os::syscall_argument(usage));
        return ended != 0 ? ended : -EAGAIN;
    };
    const Child child{WaitKind::kWaitPid, static_cast<std::uint32_t>(pid)};
    return static_cast<pid_t>(wait_for_end(*self, child, attempt, block));
}

int waitid(idtype_t type, id_t id, siginfo_t* info, int options)
{
    const auto block = [=] { return os::real().waitid(type, id, info, options); };
    Thread* self = waiting_self(options);
    if (self == nullptr) {
        return block();
    }
    const bool one = type == P_PID || type == P_PIDFD;
    if (!one || (options & WEXITED) == 0 || (options & kKernelTells) != 0) {
        expect_to_block(*self);
        return block();
    }
    const auto attempt = [=] {
        const long result =
            os::raw_syscall(SYS_waitid, type, id, os::syscall_argument(info), options | WNOHANG, 0);
        return result == 0 && info->si_pid == 0 ? -EAGAIN : result;
    };
    const Child child{type == P_PID ? WaitKind::kWaitPid : WaitKind::kWaitFd, id};
    return static_cast<int>(wait_for_end(*self, child, attempt, block));
}

}  // namespace lt::io
