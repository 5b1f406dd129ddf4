#include <pthread.h>

#include "arch/cpu.h"
#include "os/real.h"
#include "os/tcb.h"
#include "sched/critical.h"
#include "sync/cancellation.h"
#include "sync/sleep.h"
#include "thread/life.h"
#include "thread/registry.h"

namespace lt {

constinit const char any_join_event = 0;

namespace {

// As far as the thread waited for is concerned; nullptr: any.
void lock_life(LifeShard* shard) LT_NO_TSA
{
    shard != nullptr ? shard->lock.lock() : life_lock.lock();
}
void unlock_life(LifeShard* shard) LT_NO_TSA
{
    shard != nullptr ? shard->lock.unlock() : life_lock.unlock();
}

// Sleeps until `event` is announced. Holds the life lock at the call and on return; but not if the
// thread waited for was joined for this one: `joined`, if given, then has its id. Called and
// returns in a critical region: the queue is locked before the life lock is dropped, and whoever
// announces drops the life lock before it locks the queue, so nothing is missed.
LT_INLINE WakeCause await(Thread& self, const void* event, LifeShard* shard, std::uint32_t target,
                          Joined* joined, const Deadline* deadline = nullptr) LT_NO_TSA
{
    const std::uint32_t counts = counts_in_census(self) ? 1 : 0;
    std::uint32_t& blocked = (shard != nullptr ? *shard : life_shards[0]).blocked_joiners;
    blocked += counts;
    SleepQueue& queue = sleep_queue_of(event);
    lock_to_sleep(self, queue);
    unlock_life(shard);
    WaitSpec spec;
    spec.object = event;
    spec.kind = WaitKind::kJoin;
    spec.flags = kWaitCancellable;
    spec.target = target;
    spec.token = reinterpret_cast<std::uintptr_t>(joined);
    spec.deadline = deadline;
    const WakeCause cause = sleep_on(self, queue, spec);
    if (Thread* unrun = self.run_next) {
        self.run_next = nullptr;  // it did not even fall asleep
        make_runnable(self, *unrun);
    }
    if (joined == nullptr || joined->id == 0) {
        lock_life(shard);
        blocked -= counts;
    }
    return cause;
}

// Runs what a signal or a cancellation brought, outside the critical region.
void attend(Thread& self, WakeCause cause)
{
    leave_critical(self);
    if (cause == WakeCause::kCancelled) {
        act_on_cancellation(self);
    }
    enter_critical(self);
}

Joined reap(Thread& self, Thread& dead) LT_REQUIRES(life_lock)
{
    const Joined joined{Error::kNone, dead.number(), dead.status};
    remove_zombie(dead);
    free_thread(self, dead);
    return joined;
}

// As reap(), for a joiner: gives up the life lock. Joiners of anybody count again: the thread that
// joined this one may end joinable itself.
Joined reap_and_unlock(Thread& self, Thread& dead) LT_NO_TSA
{
    const Joined joined = reap(self, dead);
    const bool wake = census.any_joiners != 0;
    life_shard_of(joined.id).lock.unlock();
    if (wake) {
        wake_all(self, &any_join_event);
    }
    return joined;
}

// A thread that glibc made is joined by glibc.
Joined join_foreign(std::uint32_t id, std::uint64_t pthread_id)
{
    Joined joined;
    joined.id = id;
    if (join_pthread(current(), pthread_id, &joined.status) != 0) {
        return {Error::kNoSuchThread, 0, nullptr};
    }
    return joined;
}

// A cancelled joiner gives its claim back before it goes: another may have to take the thread.
// Gives up the life lock.
void give_back_and_unlock(Thread& self, Thread& target, std::uint32_t id) LT_NO_TSA
{
    LifeShard& shard = life_shard_of(id);
    // Taken by another joiner: the record may be somebody else's by now.
    if (find_thread(id) == &target) {
        --target.joiners;
    }
    const bool wake = census.any_joiners != 0;
    shard.lock.unlock();
    if (wake) {
        wake_all(self, &any_join_event);
    }
}

// After an interrupted sleep; true: the wait goes on. Holds the life lock at the call, and on
// return if true.
bool attend_and_go_on(Thread& self, Thread& target, std::uint32_t id, WakeCause cause,
                      bool ends_by_handler) LT_NO_TSA
{
    LifeShard& shard = life_shard_of(id);
    if (cause == WakeCause::kCancelled) {
        give_back_and_unlock(self, target, id);
        attend(self, cause);  // returns only if cancellation was disabled meanwhile
        shard.lock.lock();
        target.joiners += find_thread(id) == &target ? 1U : 0U;
        return true;
    }
    const std::uint32_t handlers = self.handlers_run;
    shard.lock.unlock();
    attend(self, cause);
    shard.lock.lock();
    if (ends_by_handler && self.handlers_run != handlers) {
        give_back_and_unlock(self, target, id);
        return false;
    }
    return true;
}

// Holds the life lock at the call, not on return; in a critical region.
Joined await_and_reap(Thread& self, Thread& target, LifeShard& shard, std::uint32_t id,
                      OnSignal on_signal, const Deadline* deadline) LT_NO_TSA
{
    ++target.joiners;
    if (deadline == nullptr) {
        lend_turn(self, target);
    }
    for (;;) {
        Joined joined;
        const WakeCause cause = await(self, &target, &shard, id, &joined, deadline);
        if (LT_LIKELY(joined.id != 0)) {
            return joined;
        }
        if (cause != WakeCause::kWoken && cause != WakeCause::kTimedOut &&
            !attend_and_go_on(self, target, id, cause, on_signal == OnSignal::kEnd)) {
            return {Error::kInterrupted, 0, nullptr};
        }
        if (find_thread(id) != &target || target.has(kFlagDetached)) {
            shard.lock.unlock();
            return {Error::kNoSuchThread, 0, nullptr};  // another joiner was first
        }
        if (!is_live(&target)) {
            return reap_and_unlock(self, target);
        }
        if (cause == WakeCause::kTimedOut) {
            give_back_and_unlock(self, target, id);
            return {Error::kTimedOut, 0, nullptr};
        }
    }
}

}  // namespace

void forget_pthread(Thread& self, std::uint64_t pthread_id) noexcept
{
    const CriticalRegion region{self};
    const LifeGuard guard;
    if (Thread* dead = zombie_of_pthread(pthread_id, MadeBy::kOthers)) {
        reap(self, *dead);
    }
}

int join_pthread(Thread& self, std::uint64_t pthread_id, void** status) noexcept
{
    const int error = os::real_pthread_join(pthread_id, status);
    if (error == 0) {
        forget_pthread(self, pthread_id);
    }
    return error;
}

Thread* find_pthread(Thread& self, std::uint64_t pthread_id) noexcept
{
    const CriticalRegion region{self};
    const LifeGuard guard;  // a bound thread is buried under it before its task ends
    Thread* ended = zombie_of_pthread(pthread_id, MadeBy::kLibrary);
    return ended != nullptr ? ended : thread_of_pthread(pthread_id);
}

Thread* thread_of_pthread(std::uint64_t pthread_id) noexcept
{
    // A pthread_t is the address of the thread's control block, in which our variable has its
    // place.
    Thread* thread = *static_cast<Thread**>(os::tcb_translate(
        &current_thread, arch::thread_pointer(), reinterpret_cast<void*>(pthread_id)));
    return thread != nullptr && thread->pthread_id == pthread_id ? thread : nullptr;
}

Joined join_thread(Thread& self, std::uint32_t id, OnSignal on_signal,
                   const Deadline* deadline) noexcept LT_NO_TSA
{
    ::pthread_testcancel();
    if (id == self.number()) {
        return {Error::kDeadlock, 0, nullptr};
    }
    std::uint64_t foreign = 0;
    {
        const CriticalRegion region{self};
        LifeShard& shard = life_shard_of(id);
        shard.lock.lock();
        Thread* target = find_thread(id);
        if (target == nullptr || target->has(kFlagDetached)) {
            shard.lock.unlock();
            return {Error::kNoSuchThread, 0, nullptr};
        }
        if (!target->has(kFlagForeign)) {
            if (is_live(target)) {
                return await_and_reap(self, *target, shard, id, on_signal, deadline);
            }
            // Also while others wait for it: whoever comes first takes it.
            return reap_and_unlock(self, *target);
        }
        foreign = target->pthread_id;
        shard.lock.unlock();
    }
    return join_foreign(id, foreign);
}

Joined join_any_thread(Thread& self, OnSignal on_signal) noexcept LT_NO_TSA
{
    ::pthread_testcancel();
    const std::uint32_t handlers = self.handlers_run;
    enter_critical(self);
    Joined joined;
    for (;;) {
        life_lock.lock();
        if (Thread* dead = first_free_zombie()) {
            joined = reap(self, *dead);
            break;
        }
        const std::uint32_t own = counts_in_census(self) ? 1U : 0U;
        const Joinables alive = count_joinables();
        if (!joiner_on_its_way() && alive.threads <= alive.blocked + own) {
            const bool others = census.any_joiners != 0;
            census.deadlocks += others ? 1U : 0U;
            life_lock.unlock();
            if (others) {
                wake_all(self, &any_join_event);  // nothing is left for them either
            }
            leave_critical(self);
            return {Error::kDeadlock, 0, nullptr};
        }
        ++census.any_joiners;
        const std::uint32_t deadlocks = census.deadlocks;
        const WakeCause cause = await(self, &any_join_event, nullptr, 0, nullptr);
        --census.any_joiners;
        const bool deadlock = census.deadlocks != deadlocks && first_free_zombie() == nullptr;
        life_lock.unlock();
        attend(self, cause);
        if (on_signal == OnSignal::kEnd && self.handlers_run != handlers) {
            leave_critical(self);
            return {Error::kInterrupted, 0, nullptr};
        }
        if (deadlock) {
            leave_critical(self);
            return {Error::kDeadlock, 0, nullptr};
        }
    }
    life_lock.unlock();
    leave_critical(self);
    return joined;
}

Error detach_thread(Thread& self, std::uint32_t id) noexcept
{
    const CriticalRegion region{self};
    const LifeGuard guard{id};
    Thread* target = find_thread(id);
    if (target == nullptr) {
        return Error::kNoSuchThread;
    }
    if (target->has(kFlagDetached)) {
        return Error::kInvalid;
    }
    if (!is_live(target)) {
        reap(self, *target);
        return Error::kNone;
    }
    // relaxed: under the life lock, where it is decided on.
    target->flags.fetch_or(kFlagDetached, memory_order_relaxed);
    return Error::kNone;
}

}  // namespace lt
