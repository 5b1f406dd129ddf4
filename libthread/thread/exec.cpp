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

}  // namespace

ExecAttempt::ExecAttempt(Thread& self) noexcept : self_{self}
{
    {
        const CriticalRegion region{self_};
        forbid_own_signals();
    }
    os::hold_calls_on_every_task();
    static_cast<void>(os::kernel_thread_id());
}

ExecAttempt::~ExecAttempt()
{
    const int saved_errno = errno;
    os::release_calls_on_every_task();
    {
        const CriticalRegion region{self_};
        if (allow_own_signals()) {
            const LifeGuard guard;
            send_what_is_due();
        }
    }
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
