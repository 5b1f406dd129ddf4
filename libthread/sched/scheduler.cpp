#include "sched/scheduler.h"

#include "base/check.h"
#include "base/probe.h"
#include "lwp/pool.h"
#include "os/clock.h"
#include "os/signal_mask.h"
#include "sched/clock_lwp.h"
#include "sched/critical.h"
#include "sched/dispatch.h"
#include "sched/local_queue.h"
#include "sched/poll_hooks.h"
#include "sched/preemption.h"
#include "sched/run_queue.h"
#include "sched/settings.h"
#include "sched/shared_queues.h"
#include "sched/suspension.h"
#include "sched/switch.h"

namespace lt {
namespace {

// A thread that yields alone on its LWP while others queue elsewhere would get more than its share:
// how often it looks there.
constexpr std::uint32_t kStealEvery = 16;
// Hand-offs in a row after which an LWP keeps a lone woken thread to itself.
constexpr std::uint32_t kHandoffsToTrust = 8;

// A record of an LWP keeps its queue for ever, also when a bound thread's LWP uses it next.
LT_INLINE bool runs_pool_work(const Thread& thread)
{
    return is_multiplexed(thread) && thread.lwp->run_queue != nullptr;
}

// Whether the caller may push to its LWP's own queue. On the idle context of a parked LWP a handler
// of the program runs: what it wakes must also end the parking.
LT_INLINE bool owns_run_queue(const Thread& self)
{
    if (self.lwp->run_queue == nullptr) {
        return false;
    }
    if (LT_LIKELY(is_multiplexed(self))) {
        return true;
    }
    // relaxed: written by this LWP, or by its waker while it is parked.
    const LwpState state = self.lwp->state.load(memory_order_relaxed);
    return self.has(kFlagIdle) && (state == LwpState::kSearching || state == LwpState::kRunning);
}

}  // namespace

void wake_for_help(Lwp* own) noexcept
{
    // relaxed: own counter, or reset by the clock LWP.
    if (own == nullptr || own->run_queue->size() > 1 ||
        own->handoffs.load(memory_order_relaxed) < kHandoffsToTrust) {
        idle_lwps.wake_one();
    }
}

namespace {

LT_NOINLINE void push_shared(Thread& thread)
{
    shared_queues.push(thread);
    call_for_help(nullptr);
    preempt_for(thread);
}

// The caller's LWP, if threads of common priority that it wakes go to its own queue.
LT_INLINE Lwp* queue_for_common(const Thread& self)
{
    return owns_run_queue(self) && !settings.migrate_always ? self.lwp : nullptr;
}

// Lets a thread run again that the caller owns. True: it is in the queue of `lwp`, as
// queue_for_common() has it, and call_for_help() is to follow.
LT_INLINE bool enqueue_woken(const Thread& self, Thread& thread, Lwp* lwp)
{
    LT_PROBE2(thread__ready, in_place(thread.id), in_place(self.id));
    if (stop_if_suspended(thread)) {
        return false;
    }
    if (thread.has(kFlagBound)) {
        Lwp& own = *thread.lwp;
        // release: pairs with sleep_with_lwp(). The thread may run, and end, from here on.
        thread.state.store(ThreadState::kRunning, memory_order_release);
        own.parker.unpark();
        return false;
    }
    // relaxed: the queue's release publishes it.
    thread.state.store(ThreadState::kRunnable, memory_order_relaxed);
    if (thread.level() != kCommonPriority || lwp == nullptr) {
        push_shared(thread);
        return false;
    }
    enqueue_local(*lwp, thread);
    return true;
}

LT_NOINLINE bool stop_after_yield(Thread& thread)
{
    if (!stop_owned(thread)) {
        return false;
    }
    stop_hook(*current_thread, thread);
    return true;
}

// False: it was suspended, and is on no queue.
LT_INLINE bool is_runnable_after_yield(Thread& thread)
{
    // relaxed: the queue's release publishes it.
    thread.state.store(ThreadState::kRunnable, memory_order_relaxed);
    return LT_LIKELY(!just_left_suspended(thread)) || !stop_after_yield(thread);
}

void requeue_after_yield(void* argument)
{
    Thread& thread = *static_cast<Thread*>(argument);
    if (!is_runnable_after_yield(thread)) {
        return;
    }
    if (LT_UNLIKELY(thread.level() != kCommonPriority || settings.migrate_always)) {
        push_shared(thread);
        return;
    }
    Lwp& lwp = *thread.lwp;
    enqueue_local(lwp, thread);
    if (lwp.run_queue->size() > 1) {
        call_for_help(&lwp);
    } else {
        // The thread it yielded to may block in the kernel with this one behind it.
        std::atomic_signal_fence(std::memory_order_seq_cst);
        notify_clock_of_work();
    }
}

// Behind those, too, that the clock moved to the shared queues because creating took long.
void requeue_after_creating(void* argument)
{
    Thread& thread = *static_cast<Thread*>(argument);
    if (shared_queues.best() == 0) {
        requeue_after_yield(argument);
    } else if (is_runnable_after_yield(thread)) {
        push_shared(thread);
    }
}

// For one that yields while nobody waits on its LWP; nullptr: nor elsewhere.
LT_NOINLINE Thread* pick_elsewhere(Lwp& lwp)
{
    // relaxed: a hint.
    if (settings.migrate_always && process.pool_lwps.load(memory_order_relaxed) > 1) {
        return lwp.idle;  // somebody else is to run it
    }
    if (++lwp.lone_yields % kStealEvery != 0) {
        return nullptr;
    }
    Thread* next = steal_plenty(lwp, true);
    return next != nullptr && stop_if_suspended(*next) ? nullptr : next;
}

// Runs another thread, if one waits that may; `requeue` then files the caller, an unbound thread.
LT_INLINE void give_turn(Thread& self, void (*requeue)(void*))
{
    Lwp& lwp = *self.lwp;
    look_if_due(self, lwp);
    Thread* next = pick_next(lwp);
    if (LT_UNLIKELY(next == nullptr)) {
        next = pick_elsewhere(lwp);
        if (next == nullptr) {
            return;
        }
    }
    if (LT_UNLIKELY(next->level() < self.level()) && next != lwp.idle) {
        // Only threads of lower priority wait: put it back and go on.
        make_runnable(self, *next);
        return;
    }
    switch_to(self, *next, {requeue, &self});
}

// Whether turns may go by other rules than the queue's: not for ever.
bool may_lend_turn(Lwp& lwp)
{
    // relaxed, both: a hint.
    if (LT_LIKELY(lwp.turn_overdue.load(memory_order_relaxed) == 0)) {
        return true;
    }
    lwp.turn_overdue.store(0, memory_order_relaxed);  // relaxed: as above
    return false;
}

// Others that wait already go before the heir: their stacks are the ones still warm. But who lent
// its turn gets it back.
bool has_heir_in_turn(Lwp& lwp, const Thread& self)
{
    const Thread* heir = self.run_next;
    return heir != nullptr && !is_suspended(*heir) && !heir->has(kFlagBound) &&
           !settings.migrate_always && heir->level() + 1U >= shared_queues.best() &&
           (lwp.run_queue->size() == 0 || (self.lent_turn && may_lend_turn(lwp)));
}

void unlock_after_switch(void* lock) LT_NO_TSA
{
    static_cast<SpinLock*>(lock)->unlock();
}

// The same for a suspended thread that fell asleep: that, too, is not running.
void unlock_and_report_after_switch(void* lock) LT_NO_TSA
{
    Thread& self = *current_thread;
    const Thread& left = *self.lwp->previous;
    static_cast<SpinLock*>(lock)->unlock();
    stop_hook(self, left);
}

// Of a thread that has its LWP for itself.
LT_NOINLINE void block_bound(Thread& self, SpinLock& lock, bool report) LT_NO_TSA
{
    lock.unlock();
    if (report) {
        stop_hook(self, self);
    }
    sleep_with_lwp(self);
}

}  // namespace

void make_runnable(Thread& self, Thread& thread) noexcept
{
    Lwp* lwp = queue_for_common(self);
    if (enqueue_woken(self, thread, lwp)) {
        call_for_help(lwp);
    }
}

void make_all_runnable(Thread& self, const WakeList& threads) noexcept
{
    if (threads.first == nullptr) {
        return;
    }
    Lwp* lwp = queue_for_common(self);
    bool queued = false;
    for (Thread* next = threads.first; next != nullptr;) {
        Thread& thread = *next;
        next = thread.next;
        thread.next = nullptr;
        queued |= enqueue_woken(self, thread, lwp);
    }
    if (queued) {
        call_for_help(lwp);
    }
}

void make_new_runnable(Thread& self, Thread& thread) noexcept
{
    if (thread.level() != kCommonPriority || !owns_run_queue(self) || settings.migrate_always) {
        make_runnable(self, thread);
        return;
    }
    Lwp& lwp = *self.lwp;
    RunQueue::offer(thread);
    enqueue_local(lwp, thread, true);
    call_for_help(&lwp);
}

void lend_turn(Thread& self, Thread& target) noexcept
{
    if (runs_pool_work(self) && shared_queues.best() <= target.level() + 1U &&
        may_lend_turn(*self.lwp) && self.lwp->run_queue->claim_newest(target)) {
        target.lent_turn = true;
        self.run_next = &target;
    }
}

void rest_after_creating(Thread& self) noexcept
{
    // A few dozen stacks fit the second-level cache.
    constexpr std::uint32_t kCreates = 32;
    if (!runs_pool_work(self)) {
        return;
    }
    Lwp& lwp = *self.lwp;
    const std::uint64_t dispatches = lwp.dispatches.load(memory_order_relaxed);  // relaxed: its own
    if (dispatches != lwp.creates_since) {
        lwp.creates_since = dispatches;
        lwp.creates = 0;
    }
    if (++lwp.creates == kCreates) {
        lwp.creates = 0;  // if nobody waits just now, it is soon asked again
        const CriticalRegion region{self};
        give_turn(self, requeue_after_creating);
    }
}

void block_current(Thread& self, SpinLock& lock) noexcept
{
    // relaxed: its own depth.
    LT_DCHECK(self.critical.load(memory_order_relaxed) == 1, "blocking inside a critical region");
    // After kSleeping was stored: a suspender that has not seen it is told.
    const bool report = LT_UNLIKELY(just_left_suspended(self));
    if (LT_UNLIKELY(self.has(kFlagBound))) {
        block_bound(self, lock, report);
        return;
    }
    Lwp& lwp = *self.lwp;
    Thread* next = self.run_next;
    self.run_next = nullptr;
    if (LT_LIKELY(next == nullptr) || stop_if_suspended(*next)) {
        next = is_look_due(lwp) ? nullptr : pick_next(lwp);  // looking is for the idle context
    }
    if (next != nullptr) {
        // relaxed: a hint of our own.
        const std::uint32_t handoffs = lwp.handoffs.load(memory_order_relaxed);
        if (LT_UNLIKELY(handoffs < kHandoffsToTrust)) {
            lwp.handoffs.store(handoffs + 1, memory_order_relaxed);  // relaxed: as above
        }
    } else {
        next = lwp.idle;
    }
    switch_to(self, *next, {report ? unlock_and_report_after_switch : unlock_after_switch, &lock});
}

void yield(Thread& self) noexcept
{
    if (self.has(kFlagBound)) {
        os::raw_syscall(SYS_sched_yield);
        return;
    }
    const CriticalRegion region{self};
    give_turn(self, requeue_after_yield);
}

void yield_inside(Thread& self) noexcept
{
    give_turn(self, requeue_after_yield);
}

const ArchContext* leave_for_good(Thread& self, void (*after)(void*), void* argument) noexcept
{
    Lwp& lwp = *self.lwp;
    Thread* next = has_heir_in_turn(lwp, self) ? self.run_next : nullptr;
    if (next == nullptr && !is_look_due(lwp)) {
        next = pick_next(lwp);
    }
    return leave_for(self, next != nullptr ? *next : *lwp.idle, {after, argument});
}

}  // namespace lt
