#include <pthread.h>

#include <csetjmp>
#include <cstdlib>

#include "arch/context.h"
#include "arch/landing.h"
#include "base/check.h"
#include "base/probe.h"
#include "os/real.h"
#include "os/tcb.h"
#include "sched/critical.h"
#include "sched/lwp_identity.h"
#include "sched/scheduler.h"
#include "sched/suspension.h"
#include "sync/sleep_queue.h"
#include "sync/special_mutex.h"
#include "thread/debugger.h"
#include "thread/life.h"
#include "thread/mask_census.h"
#include "thread/pending_signals.h"
#include "thread/registry.h"
#include "thread/signal_lwp.h"
#include "thread/signals.h"
#include "thread/stack_cache.h"
#include "thread/suspend.h"

namespace lt {

namespace {

// Who suspends it, or frees what it has left, is to be told of its end by bury().
bool needs_burial(const Thread& self)
{
    constexpr std::uint32_t kUnusual = kFlagBound | kFlagDaemon | kFlagDetached | kFlagMutator;
    return (self.flags.load(memory_order_relaxed) & kUnusual) != 0 ||  // relaxed: locked
           is_suspended(self);
}

// Joins `dead` for its heir, who sleeps for it and finds the outcome when it runs.
LT_INLINE void note_joined(LifeShard& shard, const Thread& heir, const Thread& dead, Error error)
    LT_REQUIRES(life_lock)
{
    *reinterpret_cast<Joined*>(heir.wait_token) = {error, dead.number(), dead.status};
    shard.blocked_joiners -= counts_in_census(heir) ? 1U : 0U;
}

// The usual end of a thread that is joined: its joiner sleeps, and the end concerns nobody else.
// All is settled under one hold of the lock but what takes the stack to be left; the joiner, to be
// run then, finds the outcome. nullptr: nothing was done.
Thread* settle_with_joiner(Thread& self)
{
    LifeShard& shard = life_shard_of(self.number());
    const LifeGuard guard{shard};
    if (self.joiners != 1 || needs_burial(self) || census.any_joiners != 0) {
        return nullptr;
    }
    SleepQueue& queue = sleep_queue_of(&self);
    const SpinGuard sleepers{queue.lock};
    Thread* joiner = choose_first(queue, &self);
    // It may have been woken by a signal, or wait for the thread whose record this was.
    if (joiner == nullptr || joiner->wait_target != self.number() ||
        !leave_census_to_others(shard, self)) {
        return nullptr;
    }
    take_chosen(queue, *joiner);
    joiner->wake_cause = WakeCause::kWoken;
    unregister_thread(self);
    note_joined(shard, *joiner, self, Error::kNone);
    return joiner;
}

// A joiner that sleeps until `self` has ended; nullptr: none.
Thread* take_joiner(Thread& self) LT_NO_TSA
{
    SleepQueue& queue = sleep_queue_of(&self);
    queue.lock.lock();
    Thread* joiner = take_first(queue, &self);
    queue.lock.unlock();
    if (joiner != nullptr) {
        joiner->wake_cause = WakeCause::kWoken;
    }
    return joiner;
}

// Those who wait for `dead`, those who wait for anybody, and those who wait for it to stop.
void wake(Thread& self, const Thread& dead, bool joiners, bool any, bool suspenders)
{
    if (joiners) {
        wake_all(self, &dead);
    }
    if (any) {
        wake_all(self, &any_join_event);
    }
    if (suspenders) {
        wake_suspenders(self, dead);
    }
}

// It is gone, or waits for a joiner.
void lay_out(Thread& self, Thread& dead) LT_REQUIRES(life_lock)
{
    if (dead.has(kFlagDetached)) {
        free_thread(self, dead);
        return;
    }
    if (!dead.pthread_named) {
        give_back_slot(self, dead);
    }
    add_zombie(dead);
}

// Takes the thread out of the census; ends the process if it was the last. In a critical region.
// True: everything is settled, and a joiner waits to be run.
LT_INLINE bool end_life(Thread& self)
{
    if (self.has(kFlagNewLwp)) {
        process.concurrency.fetch_sub(1, memory_order_relaxed);  // relaxed: a level
    }
    self.run_next = settle_with_joiner(self);
    const bool settled = self.run_next != nullptr;
    const Leave leave = settled ? Leave{false, false} : leave_census(self, true);
    // What came to it for the process, and it did not take, is for others.
    siginfo_t info;
    while (take_pending(self, ~std::uint64_t{0}, info, true)) {
        route_signal(self, info);
    }
    offer_held_signals(self);
    if (LT_LIKELY(settled)) {
        return true;
    }
    leave_critical(self);
    settle_masks();
    if (leave.last) {
        std::exit(0);
    }
    enter_critical(self);
    self.run_next = leave.awaited && !self.has(kFlagBound) ? take_joiner(self) : nullptr;
    return false;
}

// One that calls thr_exit ends no more than itself: the thread has a new status, and the rest run.
LT_NOINLINE void run_destructors(Thread& self)
{
    __pthread_unwind_buf_t base;
    auto* jump = reinterpret_cast<__jmp_buf_tag*>(base.__cancel_jmp_buf);
    if (::__sigsetjmp(jump, 0) == 0) {
        os::real().register_cancel(&base);
    } else {
        os::tcb_tsd_use();
    }
    while (run_tsd_destructors(self)) {}
    ::__pthread_unregister_cancel(&base);
}

// Returns in a critical region, as end_life().
LT_INLINE bool finish_on_own_stack(Thread& self)
{
    os::tcb_forbid_cancellation();
    LT_PROBE2(thread__exit, in_place(self.id), self.status);
    report_event(self, DebugEvent::kDeath);
    if (is_last_non_daemon(self)) {
        // Its thread-specific data stays usable for the handlers of atexit.
        std::exit(0);
    }
    close_to_signals_at_end(self);
    if (LT_UNLIKELY(self.own_values != nullptr || os::tcb_tsd_used())) {
        run_destructors(self);
    }
    os::tcb_run_tls_destructors();
    os::tcb_release_robust();
    abandon_mutexes(self);
    if (self.slot != nullptr && os::tcb_can_reset()) {
        if (self.has(kFlagUserStack)) {
            const auto* slot = static_cast<const os::StackSlot*>(self.slot);
            os::tcb_set_stack(self.tcb, slot->lo, slot->stack_hi);
        }
        os::tcb_reset_own();
    }
    enter_critical(self);
    return end_life(self);
}

// Once the stack is free, for a thread that is settled.
void recycle(void* argument)
{
    Thread& self = *current_thread;
    Thread& dead = *static_cast<Thread*>(argument);
    Thread& heir = *dead.run_next;
    dead.run_next = nullptr;
    recycle_thread(self, dead);
    if (&heir != &self) {
        make_runnable(self, heir);
    }
}

void bury_left(void* dead)
{
    bury(*current_thread, *static_cast<Thread*>(dead));
}

}  // namespace

void run_start_function(Thread& self) noexcept
{
    LT_PROBE2(thread__start, in_place(self.id), self.start);
    // Where thr_exit, pthread_exit and cancellation land after the frames above were unwound.
    __pthread_unwind_buf_t base;
    auto* jump = reinterpret_cast<__jmp_buf_tag*>(base.__cancel_jmp_buf);
    if (::__sigsetjmp(jump, 0) == 0) {
        os::real().register_cancel(&base);
        self.status = self.start(self.argument);
        ::__pthread_unregister_cancel(&base);
    } else if (!self.exiting) {
        self.status = PTHREAD_CANCELED;
    }
}

void run_unbound(Thread& self) noexcept
{
    if (LT_UNLIKELY(!os::tcb_can_fill_jump_buffers())) {
        run_start_function(self);
        return;
    }
    LT_PROBE2(thread__start, in_place(self.id), self.start);
    // Nothing of this frame is needed where arch_landed() runs.
    __pthread_unwind_buf_t base;
    arch::make_landing(base.__cancel_jmp_buf, &base);
    base.__cancel_jmp_buf->__mask_was_saved = 0;
    os::real().register_cancel(&base);
    self.status = self.start(self.argument);
    ::__pthread_unregister_cancel(&base);
}

void finish_bound(Thread& self) noexcept
{
    finish_on_own_stack(self);
}

const ArchContext* finish_unbound(Thread& self) noexcept
{
    const bool settled = finish_on_own_stack(self);
    if (LT_UNLIKELY(self.has(kFlagBound))) {
        end_with_leader(self);  // alone in the child of a fork
    }
    return leave_for_good(self, settled ? recycle : bury_left, &self);
}

void bury(Thread& self, Thread& dead) noexcept
{
    Thread* heir = dead.run_next;
    dead.run_next = nullptr;
    bool wake_joiners = false;
    bool wake_any = false;
    bool wake_stop = false;
    {
        LifeShard& shard = life_shard_of(dead.number());
        const LifeGuard guard{shard};
        shard.ending -= counts_in_census(dead) ? 1U : 0U;
        wake_any = census.any_joiners != 0;
        // One that waited for the thread whose record this was stood before them.
        const bool inherits = heir != nullptr && heir->wait_target == dead.number();
        wake_joiners = dead.joiners > (inherits ? 1U : 0U);
        wake_stop = is_suspended(dead) || dead.has(kFlagMutator);
        if (&self == &dead) {
            // At once: without the lock the record, which waking needs, may be another thread's.
            wake(self, dead, wake_joiners, wake_any, wake_stop);
            wake_joiners = wake_any = wake_stop = false;
        }
        if (inherits) {
            note_joined(shard, *heir, dead,
                        dead.has(kFlagDetached) ? Error::kNoSuchThread : Error::kNone);
            free_thread(self, dead);
        } else {
            lay_out(self, dead);
        }
    }
    if (heir != nullptr && heir != &self) {
        make_runnable(self, *heir);
    }
    wake(self, dead, wake_joiners, wake_any, wake_stop);
}

void end_with_leader(Thread& self) noexcept
{
    Lwp& lwp = *self.lwp;
    close_to_signals(lwp);
    self.slot = nullptr;  // the task sleeps on it
    bury(self, self);
    current_thread = nullptr;  // its record may be another thread's
    for (;;) {
        lwp.parker.park();
    }
}

void exit_thread(Thread& self, void* status) noexcept
{
    self.status = status;
    self.exiting = true;
    block_all_signals(self);
    if (self.number() == 1) {
        prepare_initial_exit();
    }
    os::real_pthread_exit(status);
}

}  // namespace lt

// An unbound thread after the frames above were unwound.
void arch_landed() noexcept
{
    lt::Thread& self = *lt::current_thread;
    if (!self.exiting) {
        self.status = PTHREAD_CANCELED;
    }
    arch_resume(lt::finish_unbound(self));
}
