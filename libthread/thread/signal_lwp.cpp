#include "thread/signal_lwp.h"

#include <cerrno>

#include "lwp/pool.h"
#include "os/kernel_thread.h"
#include "os/signal_mask.h"
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

bool waits_for(const Thread& thread, std::uint64_t bit)
{
    // seq_cst: after the signal was queued; the thread stores it, then looks at the queue.
    return (thread.awaited.load(memory_order_seq_cst) & bit) != 0;
}

bool is_open(const Thread& thread, std::uint64_t bit)
{
    return (thread.signal_mask & bit) == 0;
}

// The initial thread is preferred, and one that can run the handler at once.
bool is_better(const Thread& thread, const Thread* other)
{
    if (other == nullptr || is_suspended(thread) != is_suspended(*other)) {
        return other == nullptr || is_suspended(*other);
    }
    return thread.number() == 1;
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
            awaiting = awaiting == nullptr ? &thread : awaiting;
        } else if (is_open(thread, bit) && is_better(thread, open)) {
            open = &thread;
        }
    });
    return awaiting != nullptr ? awaiting : open;
}

void* signal_main(void* argument)
{
    Lwp& lwp = *static_cast<Lwp*>(argument);
    Thread& self = take_lwp_identity(lwp, "lwp/signals");
    lwp.state.store(LwpState::kHelper, memory_order_relaxed);  // relaxed: for lwpinspect
    // All signals stay blocked here, so that none is handled between the look at what to watch and
    // the wait for it: news come as a signal as well.
    const std::uint64_t own = settings.own_signals;
    os::set_kernel_mask(os::kAllSignals);
    service_tid.store(os::kernel_thread_id(), memory_order_seq_cst);  // seq_cst: before that look
    const auto frame = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
    for (;;) {
        lwp.parker.note_asleep(frame);
        const std::uint64_t set = needs_signal_lwp() ? watched_signals() | own : own;
        siginfo_t info{};
        const long signal = os::raw_syscall(SYS_rt_sigtimedwait, os::syscall_argument(&set),
                                            os::syscall_argument(&info), 0, sizeof(set));
        lwp.parker.note_asleep(0);
        if (signal == settings.kick_signal) {
            act_on_kick(info);
        } else if (signal > 0 && signal != settings.stop_signal) {  // which comes after a forkall
            route_signal(self, info);
        }
    }
}

// False: nobody is to have it for now.
bool give_away(Thread& self, const siginfo_t& info, Disposition disposition)
{
    const std::uint64_t bit = os::signal_bit(info.si_signo);
    bool by_default = false;
    {
        const SpinGuard guard{life_lock};
        Thread* target = choose_thread(bit);
        if (target == nullptr) {
            return false;
        }
        if (waits_for(*target, bit) || disposition == Disposition::kCaught) {
            return give_signal(self, *target, info, true);
        }
        by_default = disposition == Disposition::kDefault;
    }
    if (by_default) {
        act_by_default(info.si_signo);
    }
    return true;
}

}  // namespace

void route_signal(Thread& self, const siginfo_t& info) noexcept
{
    const Disposition disposition = disposition_of(info.si_signo);
    if (give_away(self, info, disposition) || disposition == Disposition::kIgnored) {
        return;
    }
    // A thread that opens its mask looks here afterwards; we look at the masks once more.
    siginfo_t again{};
    if (hold_signal(info) && give_away(self, info, disposition)) {
        static_cast<void>(take_held(os::signal_bit(info.si_signo), again));
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
}

void rename_signal_lwp(std::uint32_t (*new_id)(std::uint32_t)) noexcept
{
    // relaxed, both: nobody else runs here.
    service_tid.store(new_id(service_tid.load(memory_order_relaxed)), memory_order_relaxed);
}

}  // namespace lt
