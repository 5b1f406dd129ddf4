#include "thread/signal_lwp.h"

#include <bit>

#include "lwp/pool.h"
#include "os/kernel_thread.h"
#include "os/signal_mask.h"
#include "os/signal_watch.h"
#include "sched/clock_lwp.h"
#include "sched/critical.h"
#include "sched/lwp_identity.h"
#include "sched/records.h"
#include "sched/settings.h"
#include "sched/suspension.h"
#include "thread/handlers.h"
#include "thread/mask_census.h"
#include "thread/pending_signals.h"
#include "thread/registry.h"
#include "thread/signals.h"

namespace lt {
namespace {

enum class Service : std::uint32_t { kNone, kWanted, kStarted };

// kNone to kWanted by anyone, to kStarted by the clock LWP.
constinit Atomic<Service> service{Service::kNone};
// Set by the signal LWP once it listens to kicks; read by whoever kicks it.
constinit Atomic<std::uint32_t> service_tid{0};
// The signal LWP's own; changed by others only where they are alone.
constinit os::SignalWatch watch;

bool waits_for(const Thread& thread, std::uint64_t bit)
{
    // seq_cst: after the signal was queued; the thread stores it, then looks at the queue.
    return (thread.awaited.load(memory_order_seq_cst) & bit) != 0;
}

bool is_open(const Thread& thread, std::uint64_t bit)
{
    return (thread.signal_mask & bit) == 0;
}

// Who handles it: the initial thread is preferred, and one that can run the handler at once.
bool is_better(const Thread& thread, const Thread* other)
{
    if (other == nullptr || is_suspended(thread) != is_suspended(*other)) {
        return other == nullptr || is_suspended(*other);
    }
    return thread.number() == 1;
}

// Who is woken to take it: a bound thread waits in the kernel, which gives it signals as well; one
// that has been woken may have come for another signal.
int readiness(const Thread& thread)
{
    const bool woken =
        (thread.requests.load(memory_order_relaxed) & kRequestAttention) != 0;  // relaxed: a hint
    return (thread.has(kFlagBound) ? 0 : 4) + (is_suspended(thread) ? 0 : 2) + (woken ? 0 : 1);
}

// The thread that is to have the signal: one that awaits it, else one that does not block it.
// nullptr: none.
Thread* choose_thread(std::uint64_t bit) LT_REQUIRES(life_lock)
{
    Thread* awaiting = nullptr;
    Thread* open = nullptr;
    thread_records.for_each([&](Thread& thread) {
        // relaxed, both: changed under the lock, but for changes among the live states.
        const ThreadState state = thread.state.load(memory_order_relaxed);
        if (thread.number() == 0 || state == ThreadState::kZombie || state == ThreadState::kFree ||
            thread.leaving) {
            return;
        }
        if (waits_for(thread, bit)) {
            if (awaiting == nullptr || readiness(thread) > readiness(*awaiting)) {
                awaiting = &thread;
            }
        } else if (is_open(thread, bit) && is_better(thread, open)) {
            open = &thread;
        }
    });
    return awaiting != nullptr ? awaiting : open;
}

std::uint64_t signals_to_take()
{
    return needs_signal_lwp() ? watched_signals() : 0;
}

// Takes what waits, each with its place in the library before the next.
void take_in(Thread& self)
{
    siginfo_t info;
    bool taken = false;
    do {
        const SpinGuard guard{intake_lock};
        taken = take_from_kernel(signals_to_take(), info);
        if (taken) {
            route_signal(self, info);
        }
    } while (taken);
}

// Where it cannot sleep without taking: threads that wait for signals of one number may overtake
// the one it has in hand.
void take_next(Thread& self, Lwp& lwp, std::uint64_t signals, std::uintptr_t frame)
{
    const std::uint64_t set = signals | settings.own_signals;
    siginfo_t info{};
    lwp.parker.note_asleep(frame);
    const long signal = os::raw_syscall(SYS_rt_sigtimedwait, os::syscall_argument(&set),
                                        os::syscall_argument(&info), 0, sizeof(set));
    lwp.parker.note_asleep(0);
    if (signal > 0 && !is_library_signal(static_cast<int>(signal))) {
        const SpinGuard guard{intake_lock};
        route_signal(self, info);
    }
}

void* signal_main(void* argument)
{
    Lwp& lwp = *static_cast<Lwp*>(argument);
    Thread& self = take_lwp_identity(lwp, "lwp/signals");
    lwp.state.store(LwpState::kHelper, memory_order_relaxed);  // relaxed: for lwpinspect
    // All signals stay blocked here, so that none is handled between the look at what to watch and
    // the wait for it: news come as a signal as well.
    os::set_kernel_mask(os::kAllSignals);
    service_tid.store(os::kernel_thread_id(), memory_order_seq_cst);  // seq_cst: before that look
    const auto frame = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
    for (;;) {
        const std::uint64_t set = signals_to_take();
        if (watch.set(set)) {
            lwp.parker.note_asleep(frame);
            watch.sleep(os::kAllSignals & ~settings.own_signals);  // news end it
            lwp.parker.note_asleep(0);
            take_in(self);
        } else {
            take_next(self, lwp, set, frame);
        }
    }
}

enum class Outcome { kDone, kAgain, kByDefault };

// Gives a thread what is held, for it has that signal open. kAgain: not any more.
Outcome give_held(Thread& self, Thread& target, std::uint64_t bit) LT_REQUIRES(life_lock)
{
    siginfo_t info;
    if (!take_held(bit, info) || !give_signal(self, target, info, true)) {
        return Outcome::kDone;
    }
    // It stores its mask, then looks at its queue; that was the other way round.
    const bool is_wanted = is_open(target, bit) || waits_for(target, bit);
    return is_wanted || !take_pending(target, bit, info, true) || !hold_signal(info)
               ? Outcome::kDone
               : Outcome::kAgain;
}

// Finds the thread for the first of that number that is held.
Outcome offer(Thread& self, int number, Disposition disposition) LT_REQUIRES(life_lock)
{
    const std::uint64_t bit = os::signal_bit(number);
    siginfo_t info;
    Thread* target = choose_thread(bit);
    if (target != nullptr && waits_for(*target, bit) && !target->has(kFlagBound)) {
        wake_waiter(self, *target);
        return Outcome::kDone;
    }
    if (target != nullptr && (waits_for(*target, bit) || disposition == Disposition::kCaught)) {
        return give_held(self, *target, bit);
    }
    if (disposition == Disposition::kIgnored) {
        static_cast<void>(take_held(bit, info));
        return Outcome::kDone;
    }
    return target != nullptr && take_held(bit, info) ? Outcome::kByDefault : Outcome::kDone;
}

void offer_held(Thread& self, int number)
{
    const Disposition disposition = disposition_of(number);
    Outcome outcome = Outcome::kAgain;
    while (outcome == Outcome::kAgain) {
        const LifeGuard guard;
        outcome = offer(self, number, disposition);
    }
    if (outcome == Outcome::kByDefault) {
        act_by_default(number);
    }
}

}  // namespace

void route_signal(Thread& self, const siginfo_t& info) noexcept
{
    // A thread that opens its mask, or waits, looks at what is held afterwards.
    if (hold_signal(info)) {
        offer_held(self, info.si_signo);
    }
}

void offer_held_signals(Thread& self) noexcept
{
    for (std::uint64_t left = held_signals(); left != 0; left &= left - 1) {
        offer_held(self, std::countr_zero(left) + 1);
    }
}

void tell_signal_lwp() noexcept
{
    // seq_cst: after what has changed was stored.
    const std::uint32_t tid = service_tid.load(memory_order_seq_cst);
    if (tid != 0) {
        os::raw_syscall(SYS_tgkill, os::process_id(), static_cast<long>(tid), settings.kick_signal);
        return;
    }
    Service expected = Service::kNone;
    // relaxed: before there is a pool, nothing is to be forwarded.
    if (!clock_started() || !needs_signal_lwp()) {
        return;
    }
    // relaxed: the clock LWP's own look follows its being kicked.
    if (service.compare_exchange_strong(expected, Service::kWanted, memory_order_relaxed)) {
        kick_clock();
    }
}

void start_signal_lwp_if_wanted() noexcept
{
    // relaxed: see tell_signal_lwp().
    if (LT_LIKELY(service.load(memory_order_relaxed) == Service::kStarted) || !needs_signal_lwp()) {
        return;
    }
    Lwp* lwp = allocate_lwp();
    constexpr std::size_t kStack = 64 * 1024;
    if (lwp == nullptr) {
        return;
    }
    if (os::start_kernel_thread(signal_main, lwp, kStack, &lwp->handle) != Error::kNone) {
        release_lwp(*lwp);
        return;  // tried again at the clock LWP's next turn
    }
    service.store(Service::kStarted, memory_order_relaxed);  // relaxed: as above
}

void reset_signal_lwp_after_fork() noexcept
{
    service.store(Service::kNone, memory_order_relaxed);  // relaxed: nobody else is here
    service_tid.store(0, memory_order_relaxed);           // relaxed: as above
    watch.forget();
}

void rename_signal_lwp(std::uint32_t (*new_id)(std::uint32_t)) noexcept
{
    watch.forget();
    // relaxed, both: nobody else runs here.
    service_tid.store(new_id(service_tid.load(memory_order_relaxed)), memory_order_relaxed);
}

}  // namespace lt
