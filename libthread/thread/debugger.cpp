#include "thread/debugger.h"

#include "lwp/lwp.h"
#include "sched/clock_lwp.h"
#include "sched/records.h"
#include "sched/scheduler.h"
#include "sched/suspension.h"
#include "thread/registry.h"
#include "thread/suspend.h"

// Each begins with an instruction of one byte and no effect: who stops there by a breakpoint goes
// on behind it. The texts differ, lest the compiler make one function of them.
extern "C" {
__attribute__((noinline, visibility("hidden"))) void lwpt_event_create()
{
    asm volatile("nop # create");
}
__attribute__((noinline, visibility("hidden"))) void lwpt_event_death()
{
    asm volatile("nop # death");
}
}

namespace lt {
namespace {

// A held thread that was woken for a mutex does not come for it, and a bound one asleep is to close
// itself to signals, or to open itself again.
void settle_held(Thread& self, Thread& thread) LT_REQUIRES(life_lock)
{
    pass_on_promise(self, thread);
    if (thread.has(kFlagBound)) {
        thread.lwp->parker.unpark();
    }
}

// True: the caller owns the thread and is to make it runnable.
bool settle(Thread& self, Thread& thread) noexcept LT_NO_TSA
{
    const LifeGuard guard;
    // acquire: a thread that does not run is seen as whoever left it there.
    const ThreadState state = thread.state.load(memory_order_acquire);
    if (thread.number() == 0 || find_thread(thread.number()) != &thread || !is_live(&thread) ||
        state == ThreadState::kRunning) {
        return false;
    }
    // relaxed: changed by the debugger while this task was stopped, else under the life lock.
    if ((thread.requests.load(memory_order_relaxed) & kRequestDebugStop) != 0) {
        settle_held(self, thread);
        return false;
    }
    if (is_suspended(thread)) {
        return false;
    }
    if (thread.has(kFlagBound)) {
        thread.lwp->parker.unpark();
    }
    return state == ThreadState::kStopped && end_suspension(thread, kRequestDebugStop);
}

// Whose turn of the clock LWP comes first. Set once.
constinit ClockTurnHook other_turn = nullptr;

// On the clock LWP, whose word the debugger writes: threads that it let go run on, and what was
// promised to those that it holds goes to others.
std::int64_t take_turn() noexcept
{
    const std::int64_t again = other_turn();
    // relaxed: written while this task was stopped.
    if (LT_LIKELY(process.debug_orders.load(memory_order_relaxed) == 0)) {
        return again;
    }
    process.debug_orders.store(0, memory_order_relaxed);  // relaxed: as above
    Thread& self = *current_thread;
    thread_records.for_each([&](Thread& thread) {
        if (settle(self, thread)) {
            make_runnable(self, thread);
        }
    });
    return again;
}

}  // namespace

void report_event_slowly(Thread& self, DebugEvent event, std::uint32_t data) noexcept
{
    // relaxed, all: read and written while this task is stopped, which it is in the function below.
    if ((self.debug_events.load(memory_order_relaxed) & kDebugEventsOn) == 0) {
        return;
    }
    self.debug_data.store(data, memory_order_relaxed);  // relaxed: as above
    self.debug_event.store(static_cast<std::uint32_t>(event),
                           memory_order_relaxed);  // relaxed: same
    if (event == DebugEvent::kCreate) {
        lwpt_event_create();
    } else {
        lwpt_event_death();
    }
}

void start_obeying_debugger() noexcept
{
    other_turn = clock_turn_hook;
    clock_turn_hook = take_turn;
    process.event_create = reinterpret_cast<std::uintptr_t>(&lwpt_event_create);
    process.event_death = reinterpret_cast<std::uintptr_t>(&lwpt_event_death);
}

}  // namespace lt
