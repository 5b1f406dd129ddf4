#include "io/waiter.h"

#include "sync/sleep.h"

namespace lt::io {

bool can_park_here(const Thread& self) noexcept
{
    const auto here = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
    // relaxed: its own depth.
    return here >= self.stack_lo && here < self.stack_hi &&
           self.critical.load(memory_order_relaxed) == 0 && settings.park_in_calls;
}

WakeCause sleep_as(Thread& self, Waiter& waiter, WaitKind kind, std::uint32_t target,
                   const Deadline* deadline) noexcept LT_NO_TSA
{
    WaitSpec spec;
    spec.object = &waiter;
    spec.kind = kind;
    spec.deadline = deadline;
    spec.flags = kWaitCancellable;
    spec.target = target;
    spec.since_ns = waiter.since_ns;
    SleepQueue& queue = sleep_queue_of(&waiter);
    lock_to_sleep(self, queue);
    // relaxed: end_wait() stores it before it takes this lock.
    if (waiter.outcome.load(memory_order_relaxed) != Waiter::kNone) {
        queue.lock.unlock();
        return WakeCause::kWoken;
    }
    return sleep_on(self, queue, spec);
}

Thread* end_wait(Waiter& waiter, Waiter::Outcome outcome) noexcept
{
    // relaxed: the queue's lock below orders it, see sleep_as().
    if (waiter.outcome.load(memory_order_relaxed) != Waiter::kNone) {
        return nullptr;
    }
    waiter.outcome.store(outcome, memory_order_relaxed);  // relaxed: as above
    SleepQueue& queue = sleep_queue_of(&waiter);
    const SpinGuard guard{queue.lock};
    return take_first(queue, &waiter);
}

}  // namespace lt::io
