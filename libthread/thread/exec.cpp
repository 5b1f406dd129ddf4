#include "thread/exec.h"

#include <cerrno>

#include "os/every_task.h"
#include "os/syscall.h"
#include "sched/critical.h"
#include "sched/held_lwp.h"
#include "sched/own_signals.h"
#include "sched/records.h"
#include "sched/settings.h"
#include "sched/suspension.h"
#include "thread/registry.h"

namespace lt {
namespace {

// What was refused meanwhile, and perhaps more: one too many does nothing.
void send_what_is_due() LT_REQUIRES(life_lock)
{
    thread_records.for_each([](const Thread& thread) {
        // relaxed, both: a thread that changes its state looks at its requests by itself.
        const std::uint32_t requests = thread.requests.load(memory_order_relaxed);
        if (requests == 0 || thread.state.load(memory_order_relaxed) != ThreadState::kRunning ||
            thread.lwp == nullptr) {
            return;
        }
        if ((requests & kRequestStops) != 0) {
            send_own_signal(*thread.lwp, settings.stop_signal);
        }
        if ((requests & (kRequestAttention | kRequestGiveWay)) != 0) {
            send_own_signal(*thread.lwp, settings.kick_signal);
        }
    });
}

// What the end of a region has to see to: a suspension above all. Outside a region: should the
// thread be moved now, what was deferred on the LWP has been seen to.
bool is_asked(const Thread& self)
{
    // relaxed, both: what comes later sends a signal, or finds that it must not.
    return (self.requests.load(memory_order_relaxed) & ~std::uint32_t{kRequestGiveWay}) != 0 ||
           self.lwp->signal_deferred.load(memory_order_relaxed) != 0;
}

// False: a question is being asked; the thread may have to answer it first.
bool try_to_begin(Thread& self)
{
    enter_critical(self);
    if (!os::try_to_hold_calls_on_every_task()) {
        leave_critical(self);
        return false;
    }
    forbid_own_signals();
    leave_critical_quietly(self);
    return true;
}

void end(Thread& self)
{
    const CriticalRegion region{self};
    os::release_calls_on_every_task();
    if (allow_own_signals()) {
        const LifeGuard guard;
        send_what_is_due();
    }
}

}  // namespace

ExecAttempt::ExecAttempt(Thread& self) noexcept : self_{self}
{
    for (;;) {
        const bool begun = try_to_begin(self_);
        if (begun && !is_asked(self_)) {
            break;
        }
        if (begun) {
            end(self_);  // and do what it is asked: not while nobody can be stopped
        }
        os::raw_syscall(SYS_sched_yield);
    }
    static_cast<void>(os::kernel_thread_id());
}

ExecAttempt::~ExecAttempt()
{
    const int saved_errno = errno;
    end(self_);
    errno = saved_errno;
}

void before_vfork() noexcept
{
    Thread* self = current_thread;
    if (self == nullptr) {
        return;
    }
    expect_to_block(*self);
    self->vfork_parent = os::process_id();
}

void begin_vfork_child() noexcept
{
    if (Thread* self = current_thread) {
        self->flags.fetch_or(kFlagVfork, memory_order_relaxed);  // relaxed: read by itself
    }
}

// What came for the thread meanwhile was left to the kernel, or to its next critical region.
void end_vfork_in_parent() noexcept
{
    if (Thread* self = current_thread) {
        // relaxed, both: its own; the child may have ended anywhere.
        self->flags.fetch_and(~std::uint32_t{kFlagVfork}, memory_order_relaxed);
        self->critical.store(0, memory_order_relaxed);
        const CriticalRegion region{*self};
    }
}

}  // namespace lt
