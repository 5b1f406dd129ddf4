#include <pthread.h>

#include "arch/cpu.h"
#include "os/real.h"
#include "os/tcb.h"
#include "sched/critical.h"
#include "sync/sleep_queue.h"
#include "thread/life.h"
#include "thread/registry.h"

namespace lt {

// What joiners of any thread sleep on; only its address means something.
extern const char any_join_event;
constinit const char any_join_event = 0;

namespace {

// Sleeps until `event` is announced. Holds the life lock at the call, not on return. Called and
// returns in a critical region: the queue is locked before the life lock is dropped, and whoever
// announces drops the life lock before it locks the queue, so nothing is missed.
WakeCause await(Thread& self, const void* event, std::uint32_t target) LT_NO_TSA
{
    ++census.blocked_joiners;
    SleepQueue& queue = sleep_queue_of(event);
    queue.lock.lock();
    life_lock.unlock();
    WaitSpec spec;
    spec.object = event;
    spec.kind = WaitKind::kJoin;
    spec.flags = kWaitCancellable;
    spec.target = target;
    const WakeCause cause = sleep_on(self, queue, spec);
    life_lock.lock();
    --census.blocked_joiners;
    life_lock.unlock();
    return cause;
}

// Runs what a signal or a cancellation brought, outside the critical region.
void attend(Thread& self, WakeCause cause)
{
    leave_critical(self);
    if (cause == WakeCause::kCancelled) {
        ::pthread_testcancel();
    }
    enter_critical(self);
}

Joined reap(Thread& dead) LT_REQUIRES(life_lock)
{
    const Joined joined{Error::kNone, dead.id.load(memory_order_relaxed), dead.status};  // relaxed: locked
    remove_zombie(dead);
    free_thread(dead);
    return joined;
}

void wake_any_joiners(Thread& self)
{
    SleepQueue& queue = sleep_queue_of(&any_join_event);
    for (;;) {
        queue.lock.lock();
        Thread* joiner = take_first(queue, &any_join_event);
        queue.lock.unlock();
        if (joiner == nullptr) {
            return;
        }
        resume(self, *joiner, WakeCause::kWoken);
    }
}

// A thread that glibc made is joined by glibc.
Joined join_foreign(std::uint32_t id, std::uint64_t pthread_id)
{
    Joined joined;
    joined.id = id;
    if (os::real_pthread_join(pthread_id, &joined.status) != 0) {
        return {Error::kNoSuchThread, 0, nullptr};
    }
    Thread& self = current();
    const CriticalRegion region{self};
    const SpinGuard guard{life_lock};
    Thread* dead = find_thread(id);
    if (dead != nullptr && !is_live(dead)) {
        reap(*dead);
    }
    return joined;
}

// Cancelled joiners give their claim back: another may have to take the thread.
struct Claim {
    Thread& self;
    Thread& target;
    std::uint32_t id;
    bool held = true;
};

void give_back(void* argument)
{
    auto& claim = *static_cast<Claim*>(argument);
    if (!claim.held) {
        return;
    }
    bool wake = false;
    {
        const CriticalRegion region{claim.self};
        const SpinGuard guard{life_lock};
        if (find_thread(claim.id) != &claim.target) {
            return;  // taken by another joiner; the record may be somebody else's by now
        }
        --claim.target.joiners;
        wake = census.any_joiners != 0;
    }
    if (wake) {
        const CriticalRegion region{claim.self};
        wake_any_joiners(claim.self);
    }
}

Joined await_and_reap(Thread& self, Thread& target, std::uint32_t id, Claim& claim) LT_NO_TSA
{
    enter_critical(self);
    Joined joined;
    for (;;) {
        life_lock.lock();
        if (find_thread(id) != &target || target.has(kFlagDetached)) {
            joined.error = Error::kNoSuchThread;  // another joiner was first
            claim.held = false;
            break;
        }
        if (!is_live(&target)) {
            joined = reap(target);
            claim.held = false;
            break;
        }
        attend(self, await(self, &target, id));
    }
    life_lock.unlock();
    leave_critical(self);
    return joined;
}

}  // namespace

Thread* thread_of_pthread(std::uint64_t pthread_id) noexcept
{
    // A pthread_t is the address of the thread's control block, in which our variable has its place.
    Thread* thread = *static_cast<Thread**>(os::tcb_translate(
        &current_thread, arch::thread_pointer(), reinterpret_cast<void*>(pthread_id)));
    return thread != nullptr && thread->pthread_id == pthread_id ? thread : nullptr;
}

Joined join_thread(Thread& self, std::uint32_t id) noexcept
{
    ::pthread_testcancel();
    if (id == self.id.load(memory_order_relaxed)) {  // relaxed: own id
        return {Error::kDeadlock, 0, nullptr};
    }
    Thread* target = nullptr;
    std::uint64_t foreign = 0;
    {
        const CriticalRegion region{self};
        const SpinGuard guard{life_lock};
        target = find_thread(id);
        if (target == nullptr || target->has(kFlagDetached)) {
            return {Error::kNoSuchThread, 0, nullptr};
        }
        if (target->has(kFlagForeign)) {
            foreign = target->pthread_id;
        } else if (!is_live(target)) {
            // Also while others wait for it: whoever comes first takes it.
            return reap(*target);
        } else {
            ++target->joiners;
        }
    }
    if (foreign != 0) {
        return join_foreign(id, foreign);
    }
    Claim claim{self, *target, id};
    Joined joined;
    pthread_cleanup_push(give_back, &claim);
    joined = await_and_reap(self, *target, id, claim);
    pthread_cleanup_pop(0);
    return joined;
}

Joined join_any_thread(Thread& self) noexcept LT_NO_TSA
{
    ::pthread_testcancel();
    enter_critical(self);
    Joined joined;
    for (;;) {
        life_lock.lock();
        if (Thread* dead = first_free_zombie()) {
            joined = reap(*dead);
            break;
        }
        // Others that could still end joinable, or create threads that do, or are just ending: not
        // daemons, not those made by pthread_create, not those asleep in a join, not the caller.
        const std::uint32_t own = self.has(kFlagDaemon) || self.has(kFlagForeign) ? 0U : 1U;
        if (census.non_daemons + census.ending - census.foreign <= census.blocked_joiners + own) {
            const bool others = census.any_joiners != 0;
            life_lock.unlock();
            if (others) {
                wake_any_joiners(self);  // nothing is left for them either
            }
            leave_critical(self);
            return {Error::kDeadlock, 0, nullptr};
        }
        ++census.any_joiners;
        const WakeCause cause = await(self, &any_join_event, 0);
        life_lock.lock();
        --census.any_joiners;
        life_lock.unlock();
        attend(self, cause);
    }
    life_lock.unlock();
    leave_critical(self);
    return joined;
}

Error detach_thread(Thread& self, std::uint32_t id) noexcept
{
    const CriticalRegion region{self};
    const SpinGuard guard{life_lock};
    Thread* target = find_thread(id);
    if (target == nullptr) {
        return Error::kNoSuchThread;
    }
    if (target->has(kFlagDetached)) {
        return Error::kInvalid;
    }
    if (!is_live(target)) {
        reap(*target);
        return Error::kNone;
    }
    // relaxed: under the life lock, where it is decided on.
    target->flags.fetch_or(kFlagDetached, memory_order_relaxed);
    return Error::kNone;
}

}  // namespace lt
