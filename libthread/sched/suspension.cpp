#include "sched/suspension.h"

#include "os/signal_mask.h"
#include "sched/critical.h"
#include "sched/dispatch.h"
#include "sched/scheduler.h"
#include "sched/switch.h"

namespace lt {

constinit StopHook stop_hook = nullptr;

namespace {

// On the next thread's stack.
void stop_after_switch(void* argument)
{
    Thread& thread = *static_cast<Thread*>(argument);
    Thread& self = *current_thread;
    if (stop_owned(thread)) {
        stop_hook(self, thread);
    } else {
        make_runnable(self, thread);
    }
}

// Its LWP stops with it. Signals for the process go to others meanwhile.
void stop_with_lwp(Thread& self)
{
    const std::uint64_t mask = os::set_kernel_mask(os::kStoppedMask);
    const ParkedRegisters registers{self};
    if (stop_owned(self)) {
        stop_hook(self, self);
        // acquire: what the continuing thread did before is visible.
        while (self.state.load(memory_order_acquire) != ThreadState::kRunning) {
            self.lwp->parker.park();
        }
    } else {
        // relaxed: for watchers; nobody else changes the state of a thread that runs.
        self.state.store(ThreadState::kRunning, memory_order_relaxed);
    }
    os::set_kernel_mask(mask);
}

}  // namespace

bool stop_owned(Thread& thread) noexcept
{
    // seq_cst: the state before the look at the request; end_suspension() takes the request back,
    // then looks at the state. So one of the two sees the other.
    thread.state.exchange(ThreadState::kStopped, memory_order_seq_cst);
    if ((thread.requests.load(memory_order_seq_cst) & kRequestStops) != 0) {  // seq_cst: as above
        return true;
    }
    ThreadState expected = ThreadState::kStopped;
    // acq_rel: decides who owns the thread, this caller or whoever continued it.
    return !thread.state.compare_exchange_strong(expected, ThreadState::kRunnable,
                                                 memory_order_acq_rel, memory_order_acquire);
}

void stop_while_suspended(Thread& self) noexcept
{
    while (is_suspended(self)) {
        enter_critical(self);
        if (self.has(kFlagBound)) {
            stop_with_lwp(self);
        } else {
            Lwp& lwp = *self.lwp;
            // At the end of a handler the kernel has another mask than noted: the next thread sets
            // its own.
            lwp.kernel_mask = ~std::uint64_t{0};
            Thread* next = pick_next(lwp);
            switch_to(self, next != nullptr ? *next : *lwp.idle, {stop_after_switch, &self});
        }
        leave_critical_quietly(self);
    }
}

bool end_suspension(Thread& thread, Request request) noexcept
{
    // seq_cst: see stop_owned().
    const std::uint32_t before =
        thread.requests.fetch_and(~std::uint32_t{request}, memory_order_seq_cst);
    if ((before & kRequestStops & ~std::uint32_t{request}) != 0) {
        return false;
    }
    ThreadState expected = ThreadState::kStopped;
    // acq_rel: whoever wins owns the thread; its saved context is visible.
    return thread.state.compare_exchange_strong(expected, ThreadState::kRunnable,
                                                memory_order_acq_rel,
                                                memory_order_relaxed);  // relaxed: it runs
}

}  // namespace lt
