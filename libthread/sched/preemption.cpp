#include "sched/preemption.h"

#include "lwp/pool.h"
#include "os/clock.h"
#include "sched/critical.h"
#include "sched/own_signals.h"
#include "sched/run_queue.h"
#include "sched/scheduler.h"
#include "sched/settings.h"
#include "sched/shared_queues.h"

namespace lt {
namespace {

// How often those that were asked in vain are asked again where there are no time slices.
constexpr std::int64_t kAskAgainNs = 10'000'000;

// What end_turns() knows of an LWP: its switches at the last look, its processor time after the
// last switch and at the last look. The clock LWP's alone.
struct Turn {
    std::uint64_t dispatches = 0;
    std::int64_t begun_ns = 0;
    std::int64_t seen_ns = 0;
};
constinit Turn turns[PoolMembers::kMax];
constinit std::int64_t next_look = 0;  // 0: at the next turn of the clock LWP

bool is_outranked(const Thread& thread)
{
    return shared_queues.best() > thread.level() + 1U;
}

// The unbound thread that the LWP runs; nullptr: none.
Thread* running_on(const Lwp* lwp)
{
    // relaxed, both: a guess; records are type-stable, and a thread asked by mistake gives way to
    // nobody.
    if (lwp == nullptr || lwp->state.load(memory_order_relaxed) != LwpState::kRunning) {
        return nullptr;
    }
    Thread* thread = lwp->thread.load(memory_order_relaxed);  // relaxed: as above
    return thread == nullptr || thread->has(kFlagIdle) ? nullptr : thread;
}

bool is_asked(const Thread& thread)
{
    // relaxed: a request that comes later is met at the end of the next call, or by its signal.
    return (thread.requests.load(memory_order_relaxed) & kRequestGiveWay) != 0;
}

void ask(const Lwp& lwp, Thread& thread)
{
    // seq_cst: before the signal.
    thread.requests.fetch_or(kRequestGiveWay, memory_order_seq_cst);
    if (&thread != current_thread) {
        send_own_signal(lwp, settings.kick_signal);
    }
}

void lower_request(Thread& self)
{
    // relaxed: what waits is looked for in the queues.
    self.requests.fetch_and(~std::uint32_t{kRequestGiveWay}, memory_order_relaxed);
}

// Whether the thread is to leave its LWP to another now.
bool is_to_give_way(Thread& self)
{
    if (!is_outranked(self) && settings.timeslice_ns == 0) {
        return false;
    }
    if (self.processor.preemption.hold_off != 0) {
        self.processor.preemption.owed = 1;  // schedctl_stop yields
        return false;
    }
    return true;
}

// Whether another thread should have the LWP of this one for a while.
bool is_awaited(const Lwp& lwp, const Thread& thread)
{
    if (settings.timeslice_ns == 0) {
        return is_outranked(thread);
    }
    return shared_queues.best() > thread.level() ||
           (thread.level() == kCommonPriority && lwp.run_queue->size() != 0);
}

// One that sleeps in the kernel is left alone: the signal could only end its call.
bool has_had_its_turn(const Lwp& lwp, Turn& turn, std::int64_t length)
{
    // relaxed, both: compared with later readings.
    const std::uint64_t dispatches = lwp.dispatches.load(memory_order_relaxed);
    const std::int64_t used = os::task_cpu_time(lwp.tid.load(memory_order_relaxed));
    if (dispatches != turn.dispatches) {
        turn = {dispatches, used, used};
        return false;
    }
    const bool computes = used != turn.seen_ns;
    turn.seen_ns = used;
    return computes && used - turn.begun_ns >= length / 2;
}

}  // namespace

void preempt_lowest() noexcept
{
    if (LT_LIKELY(shared_queues.best() <= kCommonPriority + 1U) || idle_lwps.count() != 0 ||
        idle_lwps.searching() != 0) {
        return;
    }
    const Lwp* chosen = nullptr;
    Thread* lowest = nullptr;
    const std::uint32_t limit = pool_members.limit();
    for (std::uint32_t i = 0; i < limit; ++i) {
        const Lwp* lwp = pool_members.at(i);
        Thread* thread = running_on(lwp);
        if (thread != nullptr && is_outranked(*thread) && !is_asked(*thread) &&
            (lowest == nullptr || thread->level() < lowest->level())) {
            chosen = lwp;
            lowest = thread;
        }
    }
    if (lowest != nullptr) {
        ask(*chosen, *lowest);
    }
}

std::int64_t end_turns(std::int64_t now) noexcept
{
    const std::int64_t length = settings.timeslice_ns != 0 ? settings.timeslice_ns : kAskAgainNs;
    if (now < next_look) {
        return next_look;
    }
    bool awaited = false;
    const std::uint32_t limit = pool_members.limit();
    for (std::uint32_t i = 0; i < limit; ++i) {
        const Lwp* lwp = pool_members.at(i);
        Thread* thread = running_on(lwp);
        if (thread == nullptr || !is_awaited(*lwp, *thread)) {
            continue;
        }
        awaited = true;
        if (has_had_its_turn(*lwp, turns[i], length)) {
            ask(*lwp, *thread);
        }
    }
    next_look = awaited ? now + length : 0;
    return next_look;
}

bool runs_handler(const Thread& self, std::uintptr_t sp) noexcept
{
    return sp < self.handler_frame || sp - self.alternate_sp < self.alternate_size;
}

void preempt_if_outranked(Thread& self) noexcept
{
    if (LT_LIKELY(!is_outranked(self)) || !is_multiplexed(self)) {
        return;
    }
    if (runs_handler(self, reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0)))) {
        // relaxed: met by the thread itself at the end of a call.
        self.requests.fetch_or(kRequestGiveWay, memory_order_relaxed);
        return;
    }
    if (is_to_give_way(self)) {
        yield(self);
    }
}

void give_way_if_asked(Thread& self) noexcept
{
    if (LT_LIKELY(!is_asked(self))) {
        return;
    }
    if (!is_multiplexed(self)) {
        lower_request(self);
        return;
    }
    if (runs_handler(self, reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0)))) {
        return;
    }
    lower_request(self);
    if (is_to_give_way(self)) {
        yield(self);
    }
}

void give_way_in_handler(Thread& self) noexcept
{
    lower_request(self);
    if (!is_to_give_way(self)) {
        return;
    }
    enter_critical(self);
    // The kernel has another mask than noted: the next thread sets its own.
    self.lwp->kernel_mask = ~std::uint64_t{0};
    yield_inside(self);
    leave_critical_quietly(self);
}

}  // namespace lt
