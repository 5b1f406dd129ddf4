// The child has a copy of every kernel task, and so of every thread, bound and foreign ones and the
// library's own helpers included: nothing needs to be rebuilt, and no lock of anybody's is left
// behind. docs/ARCHITECTURE.md, 7, has the protocol and its proof.
#include "thread/fork_all.h"

#include <sys/mman.h>
#include <sys/wait.h>
#include <ucontext.h>

#include <cerrno>
#include <csignal>

#include "io/blocking.h"
#include "io/poller.h"
#include "lwp/pool.h"
#include "os/clock.h"
#include "os/futex.h"
#include "os/loader_locks.h"
#include "os/process_copy.h"
#include "os/signal_mask.h"
#include "os/syscall.h"
#include "sched/asking.h"
#include "sched/clock_lwp.h"
#include "sched/keeper.h"
#include "sched/records.h"
#include "sched/settings.h"
#include "sync/cancellation.h"
#include "sync/robust_shared.h"
#include "thread/children.h"
#include "thread/pending_signals.h"
#include "thread/signal_lwp.h"
#include "thread/start_up.h"

namespace lt {
namespace {

// Memory that parent and child share.
struct Handshake {
    enum Stage : std::uint32_t { kMaking, kMade, kFailed, kRun };
    // By the child up to kMade or kFailed, then by the parent.
    Atomic<std::uint32_t> stage{kMaking};
};

// Outside critical regions a thread can be stopped at any instruction. Inside, it is about to leave
// the region, where it asks again; unless it sleeps inside, with nothing half done and no lock
// held.
bool may_stop(const ucontext_t& interrupted)
{
    const greg_t* registers = interrupted.uc_mcontext.gregs;
    if (os::is_mutex_code(static_cast<std::uintptr_t>(registers[REG_RIP]))) {
        return false;
    }
    Thread* self = current_thread;
    if (self == nullptr || self->critical.load(memory_order_relaxed) == 0 ||  // relaxed: own
        self->lwp->parker.is_asleep(static_cast<std::uintptr_t>(registers[REG_RSP]))) {
        return true;
    }
    self->requests.fetch_or(kRequestHalt, memory_order_relaxed);  // relaxed: read by itself
    return false;
}

// A signal of the library's own that was on its way to the task is lost in the child, what it was
// to draw attention to is not. None does harm that comes for nothing; glibc's would.
std::uint64_t signals_for_copy()
{
    const Thread* self = current_thread;
    // relaxed: stored before the signal was sent.
    const bool cancelled =
        self != nullptr && self->cancel_requested.load(memory_order_relaxed) != kNotRequested;
    return settings.own_signals | (cancelled ? os::signal_bit(os::kCancelSignal) : 0);
}

// Threads that wait for a lock which a stopped one holds hold up the others: all go on then, and
// are stopped anew.
bool stop_all()
{
    constexpr std::int64_t kPatience = 2'000'000'000;  // many may wait for few processors
    constexpr int kAttempts = 50;
    const os::StopRules rules{may_stop, signals_for_copy};
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
        if (os::stop_other_tasks(rules, kPatience)) {
            return true;
        }
        os::raw_syscall(SYS_sched_yield);
    }
    return false;
}

void rename_lwps()
{
    lwp_records.for_each([](Lwp& lwp) {
        const std::uint32_t tid = lwp.tid.load(memory_order_relaxed);  // relaxed: alone here
        if (tid == 0) {
            return;
        }
        lwp.tid.store(os::id_in_copy(tid), memory_order_relaxed);  // relaxed: as above
        Thread* thread = lwp.thread.load(memory_order_relaxed);    // relaxed: as above
        if (thread != nullptr) {
            thread->meter.since = 0;  // the clock of the task starts anew
        }
    });
}

void drop_all_pending()
{
    thread_records.for_each([](Thread& thread) {
        if (thread.number() != 0) {
            drop_pending(thread);
        }
    });
    forget_held_after_fork();
}

// In the child, whose other tasks wait: what the copy does not share with the original.
void mend()
{
    rename_lwps();
    rename_robust_owner(os::id_in_copy(keeper_id.load(memory_order_relaxed)));  // relaxed: alone
    rename_signal_lwp(os::id_in_copy);
    os::rename_loader_lock_owners(os::id_in_copy);
    forget_children_after_fork();
    drop_all_pending();
    kick_clock();  // its alarm is the parent's
    publish_start();
}

// Waits for a step of the other process; false: `is_gone()` meanwhile.
template <class IsGone>
bool await_change(const Handshake& shared, Handshake::Stage from, IsGone is_gone)
{
    constexpr std::int64_t kLook = 50'000'000;
    while (shared.stage.load(memory_order_acquire) == from) {  // acquire: what it did before
        const Deadline until{os::monotonic_now() + kLook, Clock::kMonotonic};
        if (os::futex_wait(shared.stage, from, &until, os::FutexScope::kShared) == ETIMEDOUT &&
            is_gone()) {
            return false;
        }
    }
    return true;
}

void move_to(Handshake& shared, Handshake::Stage stage)
{
    shared.stage.store(stage, memory_order_release);  // release: pairs with await_change()
    os::futex_wake(&shared.stage, 1, os::FutexScope::kShared);
}

// A child made with flags waits until it is noted: it could end before.
void become_child(Handshake& shared, std::int32_t parent, int flags)
{
    if (!os::make_tasks() || !io::renew_poller_in_copy(*current_thread)) {
        move_to(shared, Handshake::kFailed);
        os::raw_syscall(SYS_exit_group, 127);
    }
    mend();
    move_to(shared, Handshake::kMade);
    if (flags != 0) {
        await_change(shared, Handshake::kMade,
                     [parent] { return os::raw_syscall(SYS_getppid) != parent; });
    }
    os::start_tasks();
}

bool has_ended(long child)
{
    siginfo_t info{};
    return os::raw_syscall(SYS_waitid, P_PID, child, os::syscall_argument(&info),
                           WEXITED | WNOHANG | WNOWAIT, 0) != 0 ||
           info.si_pid != 0;
}

void reap(long child)
{
    while (os::raw_syscall(SYS_wait4, child, 0, 0, 0) == -EINTR) {}
}

// In the parent, whose threads run again.
long finish_in_parent(Handshake& shared, long child, int flags)
{
    // One that was killed before it was made is a child all the same.
    await_change(shared, Handshake::kMaking, [child] { return has_ended(child); });
    // acquire: as in await_change().
    if (shared.stage.load(memory_order_acquire) == Handshake::kFailed) {
        reap(child);
        return -EAGAIN;
    }
    if (flags != 0) {
        if (!note_child(static_cast<pid_t>(child), flags)) {
            os::raw_syscall(SYS_kill, child, SIGKILL);
            reap(child);
            return -EAGAIN;
        }
        move_to(shared, Handshake::kRun);
    }
    return child;
}

// The child's id in the parent, 0 in the child, or a negative error number.
long copy(Thread& self, Handshake& shared, int flags)
{
    const AskingRegion region{self};
    const std::int32_t parent = os::process_id();
    const std::uint64_t mask = os::set_kernel_mask(~std::uint64_t{0});
    long child = -EAGAIN;
    if (stop_all()) {
        io::note_flags_unknown();  // descriptions get another owner
        child = os::copy_process();
        if (child == 0) {
            become_child(shared, parent, flags);
        } else {
            os::let_tasks_go();
        }
    }
    os::set_kernel_mask(mask);
    return child;
}

}  // namespace

long fork_all(Thread& self, int flags) noexcept
{
    if (!os::can_copy_tasks()) {
        return -ENOTSUP;
    }
    const long mapped = os::raw_syscall(SYS_mmap, 0, kPageSize, PROT_READ | PROT_WRITE,
                                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (mapped < 0 && mapped > -4096) {
        return -ENOMEM;
    }
    auto& shared = *reinterpret_cast<Handshake*>(mapped);
    const long child = copy(self, shared, flags);
    const long result = child > 0 ? finish_in_parent(shared, child, flags) : child;
    os::raw_syscall(SYS_munmap, mapped, kPageSize);
    return result;
}

}  // namespace lt
