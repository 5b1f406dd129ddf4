#include "sched/switch.h"

#include "arch/context.h"
#include "arch/cpu.h"
#include "base/check.h"
#include "base/probe.h"
#include "os/clock.h"
#include "os/signal_mask.h"
#include "os/tcb.h"
#include "sched/settings.h"

namespace lt {

constinit Atomic<std::uint64_t> closed_signals{0};

namespace {

constinit bool has_fs_base_instruction = false;

// relaxed everywhere below: one writer, the switching LWP; the count is read from outside the
// process, which orders by reading three times.
void advance_seq(Thread& thread)
{
    thread.seq.store(thread.seq.load(memory_order_relaxed) + 1,
                     memory_order_release);  // release: see finish_switch
}

// Of the thread that was left and the one that goes on. What lies between reads no control word, so
// this may wait until after the exchange: writing the FS base lets nothing overtake it, and reading
// MXCSR takes long, but only by itself. Loading is dear too; the words hardly ever differ. Status
// flags are not compared.
LT_INLINE void exchange_fp_control(Thread& left, const Thread& self)
{
    constexpr std::uint32_t kMxcsrStatus = 0x3f;
    const std::uint32_t mxcsr = arch::mxcsr();
    const std::uint16_t x87_control = arch::x87_control();
    left.mxcsr = mxcsr;
    left.x87_control = x87_control;
    if (LT_UNLIKELY(((mxcsr ^ self.mxcsr) & ~kMxcsrStatus) != 0)) {
        arch::set_mxcsr(self.mxcsr);
    }
    if (LT_UNLIKELY(x87_control != self.x87_control)) {
        arch::set_x87_control(self.x87_control);
    }
}

LT_NOINLINE void stop_meter(Thread& self)
{
    self.meter.used_ns += os::read_clock(CLOCK_THREAD_CPUTIME_ID) - self.meter.since;
}

LT_NOINLINE void start_meter(Thread& self)
{
    self.meter.since = os::read_clock(CLOCK_THREAD_CPUTIME_ID);
}

// What comes before the exchange of the stacks.
LT_INLINE void announce_switch(Thread& self, Thread& next, AfterSwitch after)
{
    Lwp& lwp = *self.lwp;
    LT_DCHECK(&self != &next, "switch to itself");
    // The odd seq goes out before the first word of next's stack or context changes. [D14]
    advance_seq(next);
    next.lwp = &lwp;
    ++next.switches;
    // relaxed: only lwpinspect and the monitor look, and bear with an old value.
    next.state.store(ThreadState::kRunning, memory_order_relaxed);
    lwp.thread.store(&next, memory_order_relaxed);  // relaxed: as above
    lwp.dispatches.store(lwp.dispatches.load(memory_order_relaxed) + 1, memory_order_relaxed);
    lwp.after = after;
    lwp.previous = &self;
    LT_PROBE4(thread__switch, in_place(self.id), in_place(next.id), lwp.index,
              in_place(self.state));
    if (LT_UNLIKELY(self.processor.metered)) {
        stop_meter(self);
    }
}

// finish_switch(), without a call of its own after most switches.
LT_INLINE void finish(Thread& self)
{
    Lwp& lwp = *self.lwp;
    Thread& left = *lwp.previous;
    exchange_fp_control(left, self);
    // Even again: the context saved a moment ago is complete. The release in advance_seq keeps it
    // so.
    advance_seq(left);
    const AfterSwitch after = lwp.after;
    if (after.action != nullptr) {
        after.action(after.argument);
    }
    if (LT_UNLIKELY(self.processor.metered)) {
        start_meter(self);
    }
    if (LT_UNLIKELY(!settings.process_wide_fence)) {
        // seq_cst: kRunning before the look at `requests` on leaving the critical region; a
        // suspender raises a request, then looks at the state.
        std::atomic_thread_fence(std::memory_order_seq_cst);
    }
    if (LT_UNLIKELY(((self.signal_mask ^ lwp.kernel_mask) |
                     (self.alternate_sp ^ lwp.kernel_alternate_sp)) != 0)) {
        load_signal_state(self, lwp);
    }
}

}  // namespace

void use_fs_base_instruction(bool usable) noexcept
{
    has_fs_base_instruction = usable;
}

void switch_to(Thread& self, Thread& next, AfterSwitch after) noexcept
{
    announce_switch(self, next, after);
    if (LT_LIKELY(has_fs_base_instruction)) {
        arch_switch_fs(&self.context, &next.context, next.tcb);
    } else {
        // A handler that runs in between finds next's TLS, in a critical region as well.
        os::set_fs_base(next.tcb);
        arch_switch(&self.context, &next.context);
    }
    finish(self);
}

const ArchContext* leave_for(Thread& self, Thread& next, AfterSwitch after) noexcept
{
    announce_switch(self, next, after);
    // A handler that runs from here on finds next's TLS, in a critical region as well.
    os::set_fs_base(next.tcb);
    return &next.context;
}

void finish_switch(Thread& self) noexcept
{
    finish(self);
}

void load_signal_state(Thread& self, Lwp& lwp) noexcept
{
    if (self.alternate_sp != lwp.kernel_alternate_sp) {
        lwp.kernel_alternate_sp = self.alternate_sp;
        os::set_alternate_stack(self.alternate_sp, self.alternate_size);
    }
    std::uint64_t mask = self.signal_mask;
    if (self.has(kFlagIdle)) {
        if (LT_UNLIKELY(!settings.process_wide_fence)) {
            // seq_cst: what this LWP runs was stored before; see settle_masks().
            std::atomic_thread_fence(std::memory_order_seq_cst);
        }
        // relaxed: whoever closes more makes sure by a process-wide fence and a signal.
        mask = lwp.kernel_mask | closed_signals.load(memory_order_relaxed);
    }
    if (mask == lwp.kernel_mask) {
        return;
    }
    lwp.kernel_mask = mask;
    // relaxed: this LWP only. While a signal is deferred all are blocked; redelivery sets the mask.
    if (lwp.signal_deferred.load(memory_order_relaxed) == 0) {
        os::set_kernel_mask(mask);
    }
}

}  // namespace lt
