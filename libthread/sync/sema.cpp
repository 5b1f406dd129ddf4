// kSemaSleepers and the count are one word, so that a post sees in one step whether somebody may
// sleep. The mark is set under the sleep queue's lock while the count is 0, and stays until a post
// finds nobody: as long as it is set, all who change the word hold that lock, for a waiter's fast
// path wants a count and a post's wants no mark.
#include "sync/sema.h"

#include "os/clock.h"
#include "os/futex.h"
#include "sync/cancellation.h"
#include "sync/shared.h"
#include "sync/sleep.h"

namespace lt {
namespace {

// With the queue locked: takes one, or sees to it that the next post comes to the queue.
bool take_or_mark(SemaWords& sema)
{
    Atomic<std::uint64_t>& state = state_of(sema);
    std::uint64_t value = state.load(memory_order_relaxed);  // relaxed: the exchange decides
    for (;;) {
        if (sema_count(value) != 0) {
            // acquire: pairs with the release in post_sema().
            if (state.compare_exchange_weak(value, value - 1, memory_order_acquire,
                                            memory_order_relaxed)) {
                return true;
            }
            continue;
        }
        // relaxed: the mark orders nothing; the queue's lock does.
        if ((value & kSemaSleepers) != 0 ||
            state.compare_exchange_weak(value, value | kSemaSleepers, memory_order_relaxed,
                                        memory_order_relaxed)) {
            return false;
        }
    }
}

// The mark was seen.
LT_NOINLINE void post_to_sleeper(Thread& self, SemaWords& sema)
{
    Atomic<std::uint64_t>& state = state_of(sema);
    {
        const CriticalRegion region{self};
        SleepQueue& queue = sleep_queue_of(&sema);
        queue.lock.lock();
        Thread* first = take_first(queue, &sema);
        if (first == nullptr) {
            std::uint64_t value =
                state.load(memory_order_relaxed);  // relaxed: the exchange decides
            // release: pairs with the acquire of who takes it. It may be another post's turn to
            // have cleared the mark, after which posts and waits need no lock.
            while (!state.compare_exchange_weak(value, (value & ~kSemaSleepers) + 1,
                                                memory_order_release, memory_order_relaxed)) {}
        }
        queue.lock.unlock();
        if (first != nullptr) {
            resume(self, *first, WakeCause::kWoken);
        }
    }
    preempt_if_outranked(self);
}

LT_NOINLINE WakeCause wait_private(Thread& self, SemaWords& sema, const Deadline* deadline)
{
    WaitSpec spec;
    spec.object = &sema;
    spec.kind = WaitKind::kSema;
    spec.deadline = deadline;
    spec.flags = kWaitCancellable;
    enter_critical(self);
    SleepQueue& queue = sleep_queue_of(&sema);
    lock_to_sleep(self, queue);
    WakeCause cause = WakeCause::kWoken;
    if (LT_UNLIKELY(take_or_mark(sema))) {
        queue.lock.unlock();
    } else {
        cause = sleep_on(self, queue, spec);
    }
    leave_critical(self);
    return cause;
}

}  // namespace

Error wait_sema(Thread& self, SemaWords& sema, const Deadline* deadline)
{
    // relaxed: the type does not change.
    const bool shared = (state_of(sema).load(memory_order_relaxed) & kSemaShared) != 0;
    for (;;) {
        if (deadline != nullptr && os::now(deadline->clock) >= deadline->ns) {
            return try_wait_sema(sema) ? Error::kNone : Error::kTimedOut;
        }
        const WakeCause cause = LT_UNLIKELY(shared) ? wait_shared_sema(self, sema, deadline)
                                                    : wait_private(self, sema, deadline);
        if (LT_LIKELY(cause == WakeCause::kWoken)) {
            return Error::kNone;
        }
        if (cause != WakeCause::kCancelled) {
            return cause == WakeCause::kTimedOut ? Error::kTimedOut : Error::kInterrupted;
        }
        act_on_cancellation(self);  // returns if cancellation is disabled: wait on
    }
}

Error post_sema(Thread& self, SemaWords& sema) noexcept
{
    Atomic<std::uint64_t>& state = state_of(sema);
    std::uint64_t value = state.load(memory_order_relaxed);  // relaxed: the exchange decides
    do {
        if (LT_UNLIKELY(sema_count(value) == kSemaMax)) {
            return Error::kOverflow;
        }
        if (LT_UNLIKELY((value & kSemaSleepers) != 0)) {
            post_to_sleeper(self, sema);
            return Error::kNone;
        }
        // release: pairs with the acquire of who takes it.
    } while (
        !state.compare_exchange_weak(value, value + 1, memory_order_release, memory_order_relaxed));
    if (LT_UNLIKELY((value & kSemaWaiterCount) != 0)) {
        // The address alone: the semaphore may be gone.
        os::futex_wake(&count_of(sema), 1, os::FutexScope::kShared);
    }
    return Error::kNone;
}

}  // namespace lt
