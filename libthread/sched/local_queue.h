// Pushing to an LWP's own run queue.
#pragma once

#include <atomic>

#include "base/compiler.h"
#include "lwp/pool.h"
#include "sched/clock_lwp.h"
#include "sched/dispatch.h"
#include "sched/run_queue.h"
#include "sched/settings.h"
#include "sched/shared_queues.h"

namespace lt {

// By that LWP, of a thread that it owns; call_for_help() is to follow. `unrun`: it has not run yet,
// and RunQueue::offer() was called.
LT_INLINE void enqueue_local(Lwp& lwp, Thread& thread, bool unrun = false)
{
    while (!lwp.run_queue->push(thread, unrun)) {
        spill(*lwp.run_queue);
    }
    // Who gives it another priority at this moment either finds it in the queue, or is found here:
    // see reposition().
    std::atomic_signal_fence(std::memory_order_seq_cst);
    if (LT_UNLIKELY(!settings.process_wide_fence)) {
        std::atomic_thread_fence(std::memory_order_seq_cst);
    }
    if (LT_UNLIKELY(thread.level() != kCommonPriority)) {
        spill(*lwp.run_queue);
    }
}

// The slow half of call_for_help(): LWPs sleep, and none searches.
void wake_for_help(Lwp* own) noexcept;

// After a push that others may take, to the LWP's own queue or (nullptr) a shared one: sees to it
// that somebody does.
LT_INLINE void call_for_help(Lwp* own)
{
    // The compiler must not move the push below these looks; the processor may, which the parking
    // LWP makes good by process_wide_fence(). Where the kernel has none, both sides pay for a full
    // fence.
    std::atomic_signal_fence(std::memory_order_seq_cst);
    if (LT_UNLIKELY(!settings.process_wide_fence)) {
        std::atomic_thread_fence(std::memory_order_seq_cst);
    }
    // Whoever is woken below leaves a lone thread to its LWP as long as that one switches. If it
    // then blocks in the kernel, only the clock LWP notices, so it must be watching.
    notify_clock_of_work();
    if (idle_lwps.count() != 0 && idle_lwps.searching() == 0) {
        wake_for_help(own);
    }
}

}  // namespace lt
