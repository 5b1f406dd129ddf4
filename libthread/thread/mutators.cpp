#include "thread/mutators.h"

#include "sched/critical.h"
#include "sched/records.h"
#include "sched/scheduler.h"
#include "sched/suspension.h"
#include "sync/sleep.h"
#include "thread/registry.h"
#include "thread/suspend.h"

namespace lt {
namespace {

constinit bool barrier LT_GUARDED_BY(life_lock) = false;
constinit bool all_suspended LT_GUARDED_BY(life_lock) = false;

// What those sleep on who want to become mutators; only the address means something. Who waits for
// a mutator to be suspended sleeps where its suspenders do.
constinit const char entry_event = 0;

bool is_suspended_mutator(const Thread& thread)
{
    // relaxed: changed under the life lock.
    return (thread.requests.load(memory_order_relaxed) & kRequestMutatorStop) != 0;
}

// acquire: whoever stopped it did so before we say so.
bool runs(const Thread& thread)
{
    return thread.state.load(memory_order_acquire) == ThreadState::kRunning;
}

// Holds the life lock at the call, not on return; in a critical region.
void await(Thread& self, const void* event, std::uint32_t target) LT_NO_TSA
{
    SleepQueue& queue = sleep_queue_of(event);
    lock_to_sleep(self, queue);
    life_lock.unlock();
    WaitSpec spec;
    spec.object = event;
    spec.kind = WaitKind::kStop;
    spec.target = target;
    if (sleep_on(self, queue, spec) == WakeCause::kInterrupted) {
        leave_critical(self);
        enter_critical(self);
    }
}

// In a critical region, and under the life lock while it decides.
Error enter_or_leave(Thread& self, std::uint32_t id, bool is_one) LT_NO_TSA
{
    for (;;) {
        life_lock.lock();
        Thread* target = find_thread(id);
        if (!is_live(target)) {
            life_lock.unlock();
            return Error::kNoSuchThread;
        }
        if (target != &self && (!is_suspended(*target) || runs(*target))) {
            life_lock.unlock();
            return Error::kInvalid;
        }
        if (is_one && target == &self && (barrier || all_suspended)) {
            await(self, &entry_event, 0);
            continue;
        }
        // relaxed, both: under the life lock, where it is decided on.
        if (is_one) {
            target->flags.fetch_or(kFlagMutator, memory_order_relaxed);
        } else {
            target->flags.fetch_and(~std::uint32_t{kFlagMutator}, memory_order_relaxed);
        }
        life_lock.unlock();
        wake_suspenders(self, *target);  // whoever waits for a mutator that is none any more
        return Error::kNone;
    }
}

// The id of a live mutator other than `self`, whose record this is; 0 otherwise.
std::uint32_t other_mutator(const Thread& self, const Thread& thread) LT_REQUIRES(life_lock)
{
    const std::uint32_t id = thread.number();
    const bool is_other =
        &thread != &self && id != 0 && thread.has(kFlagMutator) && is_live(&thread);
    return is_other ? id : 0;
}

}  // namespace

void forget_mutators_after_fork() noexcept LT_NO_TSA
{
    barrier = all_suspended = false;
}

Error set_mutator(Thread& self, std::uint32_t id, bool is_one) noexcept
{
    const CriticalRegion region{self};
    return enter_or_leave(self, id == 0 ? self.number() : id, is_one);
}

void set_mutators_barrier(Thread& self, bool stands) noexcept
{
    const CriticalRegion region{self};
    {
        const LifeGuard guard;
        barrier = stands;
    }
    wake_all(self, &entry_event);
}

Error suspend_mutator(Thread& self, std::uint32_t id) noexcept
{
    Thread* target = nullptr;
    {
        const CriticalRegion region{self};
        const LifeGuard guard;
        target = find_thread(id);
        if (!is_live(target)) {
            return Error::kNoSuchThread;
        }
        if (!target->has(kFlagMutator)) {
            return Error::kInvalid;
        }
    }
    const Error error = suspend_thread(self, id, kRequestMutatorStop);
    const CriticalRegion region{self};
    wake_suspenders(self, *target);  // it may have been asleep
    return error;
}

Error continue_mutator(Thread& self, std::uint32_t id) noexcept
{
    {
        const CriticalRegion region{self};
        const LifeGuard guard;
        const Thread* target = find_thread(id);
        if (is_live(target) && !target->has(kFlagMutator) && !is_suspended_mutator(*target)) {
            return Error::kInvalid;
        }
    }
    return continue_thread(self, id, kRequestMutatorStop);
}

Error suspend_all_mutators(Thread& self) noexcept
{
    const CriticalRegion region{self};
    {
        const LifeGuard guard;
        if (all_suspended) {
            return Error::kInvalid;
        }
        all_suspended = true;
        thread_records.for_each([&self](Thread& thread) LT_NO_TSA {
            if (other_mutator(self, thread) != 0) {
                // seq_cst: as in suspend_thread().
                thread.requests.fetch_or(kRequestMutatorStop, memory_order_seq_cst);
            }
        });
    }
    make_requests_known();
    thread_records.for_each([&self](Thread& thread) LT_NO_TSA {
        life_lock.lock();
        const std::uint32_t id = is_suspended_mutator(thread) ? other_mutator(self, thread) : 0;
        life_lock.unlock();
        if (id != 0) {
            // It may have ended instead.
            static_cast<void>(await_stop(self, thread, id));
            wake_suspenders(self, thread);
        }
    });
    return Error::kNone;
}

Error continue_all_mutators(Thread& self) noexcept
{
    const CriticalRegion region{self};
    Thread* ready = nullptr;
    {
        const LifeGuard guard;
        if (!all_suspended) {
            return Error::kInvalid;
        }
        all_suspended = false;
        thread_records.for_each([&](Thread& thread) LT_NO_TSA {
            // Also one that has ceased to be a mutator between the request and its stop.
            if (thread.number() != 0 && is_live(&thread) && is_suspended_mutator(thread) &&
                end_suspension(thread, kRequestMutatorStop)) {
                thread.next = ready;
                ready = &thread;
            }
        });
    }
    while (ready != nullptr) {
        Thread& thread = *ready;
        ready = thread.next;
        thread.next = nullptr;
        make_runnable(self, thread);
    }
    wake_all(self, &entry_event);
    return Error::kNone;
}

Error await_mutator(Thread& self, std::uint32_t id, Patience patience) noexcept LT_NO_TSA
{
    const CriticalRegion region{self};
    for (;;) {
        life_lock.lock();
        const Thread* target = find_thread(id);
        Error error = Error::kNone;
        if (!is_live(target)) {
            error = Error::kNoSuchThread;
        } else if (!target->has(kFlagMutator)) {
            error = Error::kInvalid;
        } else if (!is_suspended_mutator(*target) || runs(*target)) {
            if (patience == Patience::kForEver) {
                await(self, &target->requests, id);
                continue;
            }
            error = Error::kWouldBlock;
        }
        life_lock.unlock();
        return error;
    }
}

}  // namespace lt
