// fork: the child has the calling thread alone, with its id, stack, TLS and values. Locks of the
// library are held over the fork, so the child finds consistent lists; what belonged to other
// threads and LWPs is forgotten. The pool starts anew with the child's next thr_create.
#include "sched/fork.h"

#include <pthread.h>

#include "io/blocking.h"
#include "io/poller.h"
#include "lwp/pool.h"
#include "os/every_task.h"
#include "os/loader_locks.h"
#include "os/signal_mask.h"
#include "os/stack_map.h"
#include "os/syscall.h"
#include "os/tcb.h"
#include "sched/clock_lwp.h"
#include "sched/critical.h"
#include "sched/own_signals.h"
#include "sched/priority.h"
#include "sched/records.h"
#include "sched/run_queue.h"
#include "sched/suspension.h"
#include "sync/holds.h"
#include "sync/robust_shared.h"
#include "sync/sleep_queue.h"
#include "thread/children.h"
#include "thread/command.h"
#include "thread/fork.h"
#include "thread/mask_census.h"
#include "thread/mutators.h"
#include "thread/pending_signals.h"
#include "thread/registry.h"
#include "thread/signal_lwp.h"
#include "thread/stack_cache.h"
#include "thread/stack_surplus.h"
#include "thread/start_up.h"
#include "thread/suspend.h"

namespace lt {
namespace {

// Who visits holds it in place of the life lock. Ranks as that; guards `forking`, which is set only
// while the life lock is held, too.
constinit SpinLock visit_lock;
constinit const Thread* forking LT_GUARDED_BY(visit_lock) = nullptr;

void admit_visits(const Thread* forker)
{
    const SpinGuard guard{visit_lock};
    forking = forker;
}

void before_fork() noexcept LT_NO_TSA
{
    enter_critical(current());
    life_lock.lock();
    admit_visits(current_thread);
    if (is_suspended(*current_thread)) {
        wake_suspenders(*current_thread, *current_thread);  // who slept before looks again
    }
    priority_lock.lock();
    lock_keys();
    lock_stack_cache();
    lock_holds();
    lock_robust_list();
    thread_records.lock();
    lwp_records.lock();
    lock_pending();
    os::tcb_before_fork();
    os::stack_map_before_fork();
}

void unlock_all() noexcept LT_NO_TSA
{
    unlock_pending();
    lwp_records.unlock();
    thread_records.unlock();
    unlock_robust_list();
    unlock_holds();
    unlock_stack_cache();
    unlock_keys();
    priority_lock.unlock();
    life_lock.unlock();
}

void after_fork_in_parent() noexcept
{
    admit_visits(nullptr);
    io::note_flags_unknown();  // descriptions have another owner
    os::stack_map_after_fork();
    os::tcb_after_fork_parent();
    unlock_all();
    leave_critical(*current_thread);
}

// The child's only LWP is the one that forked; its number and place are its own, its task is new.
void keep_own_lwp(Thread& self)
{
    lwp_records.for_each([&self](Lwp& lwp) {
        if (&lwp != self.lwp) {
            // relaxed: nobody else is here.
            lwp.tid.store(0, memory_order_relaxed);
            lwp.thread.store(nullptr, memory_order_relaxed);         // relaxed: as above
            lwp.state.store(LwpState::kFree, memory_order_relaxed);  // relaxed: as above
            forget_recycled(lwp);                                    // it may have been at it
        }
    });
    // glibc takes the stacks of all pthreads but the caller's for free: an idle context there is
    // lost.
    self.lwp->idle = nullptr;
    if (self.lwp->run_queue != nullptr) {
        while (self.lwp->run_queue->take() != nullptr) {}
    }
    self.lwp->tid.store(os::kernel_thread_id(), memory_order_relaxed);  // relaxed: as above
    self.lwp->state.store(LwpState::kBound, memory_order_relaxed);      // relaxed: as above
}

void after_fork_in_child() noexcept LT_NO_TSA
{
    Thread& self = *current_thread;
    visit_lock.unlock();  // whoever was there is gone
    admit_visits(nullptr);
    os::stack_map_after_fork();
    os::tcb_after_fork_child(self.slot != nullptr ? self.tcb : nullptr);
    reset_sleep_queues();
    io::reset_poller_after_fork();
    reset_scheduler_after_fork();
    reset_own_signals_after_fork();
    keep_own_lwp(self);
    forget_robust_after_fork();
    forget_other_threads(self);
    forget_children_after_fork();
    reset_commands_after_fork();
    forget_mutators_after_fork();
    forget_held_after_fork();
    reset_signal_lwp_after_fork();
    reset_surplus_after_fork();
    reset_masks_after_fork(self);
    os::forget_asking();
    unlock_all();
    drop_pending(self);
    // Alone it needs no pool: it sleeps with its LWP, until it makes a thread.
    self.flags.fetch_or(kFlagBound, memory_order_relaxed);  // relaxed: nobody else is here
    self.flags.fetch_and(~std::uint32_t{kFlagDaemon}, memory_order_relaxed);  // relaxed: as above
    self.processor.metered = false;  // the child's task has a clock of its own
    // Nobody is left to continue it.
    self.requests.fetch_and(~std::uint32_t{kRequestStops}, memory_order_relaxed);  // relaxed: above
    publish_start();
    self.lwp->signal_deferred.store(0, memory_order_relaxed);  // relaxed: the parent's, not ours
    self.lwp->kernel_mask = self.signal_mask;
    os::set_kernel_mask(self.signal_mask);
    leave_critical(self);
}

}  // namespace

bool lock_life_or_visit(std::uint32_t id) noexcept
{
    for (unsigned tries = 1;; ++tries) {
        if (life_shard_of(id).lock.try_lock()) {
            return false;
        }
        visit_lock.lock();
        if (forking != nullptr) {
            return true;
        }
        visit_lock.unlock();
        if (tries % 16 == 0) {
            os::raw_syscall(SYS_sched_yield);
        }
    }
}

void leave_life(bool visit, std::uint32_t id) noexcept
{
    if (visit) {
        visit_lock.unlock();
    } else {
        life_shard_of(id).lock.unlock();
    }
}

bool is_forking(const Thread& thread) noexcept
{
    return &thread == forking;
}

void start_fork_handling() noexcept
{
    os::find_loader_locks();
    ::pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);
}

}  // namespace lt
