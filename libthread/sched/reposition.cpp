// Threads that move from an LWP's own queue, which knows no order and has an end, to the shared
// ones.
#include "lwp/pool.h"
#include "os/kernel_thread.h"
#include "sched/clock_lwp.h"
#include "sched/dispatch.h"
#include "sched/fork.h"
#include "sched/preemption.h"
#include "sched/run_queue.h"
#include "sched/scheduler.h"
#include "sched/shared_queues.h"

namespace lt {
namespace {

constexpr std::uint32_t kSpilled = RunQueue::kCapacity / 2;
// Guards `spilled`; ranks above shared_queues.
constinit SpinLock spill_lock;
constinit Thread* spilled[kSpilled] = {};

}  // namespace

void reset_spilling_after_fork() noexcept LT_NO_TSA
{
    spill_lock.unlock();
}

void spill(RunQueue& queue) noexcept
{
    const SpinGuard guard{spill_lock};
    std::uint32_t count = 0;
    while (count < kSpilled) {
        Thread* thread = queue.take();
        if (thread == nullptr) {
            break;
        }
        spilled[count++] = thread;
    }
    shared_queues.push_batch(spilled, count);
}

void reposition(Thread& thread) noexcept
{
    if (thread.has(kFlagBound)) {
        return;
    }
    if (shared_queues.requeue(thread)) {
        preempt_lowest();
        return;
    }
    // If the thread stands in an LWP's own queue, all of that moves. The fence makes every LWP see
    // the new level at its next push, or us what it pushed.
    os::process_wide_fence();
    const std::uint32_t limit = pool_members.limit();
    for (std::uint32_t i = 0; i < limit; ++i) {
        Lwp* lwp = pool_members.at(i);
        while (lwp != nullptr && lwp->run_queue->contains(thread)) {
            spill(*lwp->run_queue);
        }
    }
    notify_clock_of_work();
    if (idle_lwps.count() != 0 && idle_lwps.searching() == 0) {
        idle_lwps.wake_one();
    }
    preempt_lowest();  // a thread that waits has risen, or one that runs has sunk
}

}  // namespace lt
