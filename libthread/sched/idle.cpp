#include "base/check.h"
#include "base/probe.h"
#include "lwp/pool.h"
#include "os/clock.h"
#include "os/kernel_thread.h"
#include "os/signal_mask.h"
#include "os/syscall.h"
#include "sched/critical.h"
#include "sched/dispatch.h"
#include "sched/poll_hooks.h"
#include "sched/run_queue.h"
#include "sched/settings.h"
#include "sched/shared_queues.h"
#include "sched/suspension.h"
#include "sched/switch.h"

namespace lt {
namespace {

constexpr std::int64_t kSpinNs = 50'000;
constexpr std::int64_t kNeglectedNs = 10'000;
constexpr std::int64_t kGlances = 8;  // in that time

// Whether an LWP without work takes what it finds at once: it cannot wait for others to get on
// where it takes their processor.
bool takes_at_once()
{
    return settings.cpus < 2;
}

// An LWP with threads waiting, as it was when the search began.
struct Victim {
    Lwp* lwp;
    bool unrun;   // the next one has not run yet
    bool plenty;  // more than one waits, and they have run
    std::uint64_t progress;

    explicit Victim(Lwp* victim = nullptr)
        : lwp{victim},
          unrun{victim != nullptr && victim->run_queue->begins_unrun()},
          plenty{victim != nullptr && !unrun && victim->run_queue->size() >= 2},
          progress{victim != nullptr ? now_at() : 0}
    {
    }

    // What changes when the LWP gets on with what waits for it: threads that have not run yet are
    // joined or run where they were made, the oldest last.
    [[nodiscard]] std::uint64_t now_at() const
    {
        // relaxed: compared with a later reading of the same counter only.
        return unrun ? lwp->run_queue->taken() : lwp->dispatches.load(memory_order_relaxed);
    }
};

struct Victims {
    static constexpr std::uint32_t kMost = 8;
    std::uint32_t count = 0;
    Victim entries[kMost];

    explicit Victims(const Lwp& thief)
    {
        const std::uint32_t limit = pool_members.limit();
        for (std::uint32_t i = 0; i < limit && count < kMost; ++i) {
            Lwp* lwp = pool_members.at(i);
            if (lwp != nullptr && lwp != &thief && lwp->run_queue->size() != 0) {
                entries[count++] = Victim{lwp};
            }
        }
    }
};

// From the victims with plenty: halfway from one that does not get on, and in the end from one
// whose queue has not run short meanwhile.
Thread* steal_at_glance(Victims& victims, std::int64_t glance)
{
    for (std::uint32_t i = 0; i < victims.count; ++i) {
        Victim& victim = victims.entries[i];
        victim.plenty = victim.plenty && victim.lwp->run_queue->size() >= 2;
        const bool is_stuck = victim.now_at() == victim.progress;
        if (victim.plenty && (glance == kGlances || (glance >= kGlances / 2 && is_stuck))) {
            if (Thread* thread = victim.lwp->run_queue->take()) {
                return thread;
            }
        }
    }
    return nullptr;
}

// Threads stay with an LWP that gets through with them by itself: the pair of a ping-pong, those
// that fall asleep again at once, and short threads with who made them, in whose cache they are. A
// lone thread, and one that has not run yet, are taken only from an LWP that did not get on for a
// while: a thread behind a computing one gets away.
Thread* steal_neglected(const Lwp& thief)
{
    Victims victims{thief};
    if (victims.count == 0) {
        return nullptr;
    }
    const std::int64_t start = os::monotonic_now();
    for (std::int64_t glance = 1; glance <= kGlances; ++glance) {
        while (os::monotonic_now() - start < kNeglectedNs * glance / kGlances) {
            arch::pause();
        }
        if (Thread* thread = steal_at_glance(victims, glance)) {
            return thread;
        }
    }
    for (std::uint32_t i = 0; i < victims.count; ++i) {
        const Victim& victim = victims.entries[i];
        if (victim.now_at() == victim.progress) {
            if (Thread* thread = victim.lwp->run_queue->take()) {
                return thread;
            }
        }
    }
    return nullptr;
}

Thread* look_once(Lwp& lwp)
{
    if (Thread* thread = pick_next(lwp)) {
        return thread;
    }
    return takes_at_once() && !settings.migrate_always ? steal_plenty(lwp, true) : nullptr;
}

// Whether work may come soon enough: from the LWPs that run threads, or else, as it did lately or
// now and then, from bound threads, descriptors and helpers. That a deadline comes is known anyway.
bool spinning_pays(Lwp& lwp)
{
    constexpr std::uint32_t kMostFutile = 4;
    constexpr std::uint32_t kTryAgain = 64;
    // relaxed: a hint.
    const std::uint32_t others = process.pool_lwps.load(memory_order_relaxed) - 1;
    return idle_lwps.count() < others || lwp.futile_spins < kMostFutile ||
           ++lwp.futile_spins % kTryAgain == 0;
}

// Counted as searching by the caller.
Thread* spin_for_work(Lwp& lwp)
{
    std::int64_t now = os::monotonic_now();
    const std::int64_t end = now + kSpinNs;
    do {
        for (int i = 0; i < 8; ++i) {
            arch::pause();
        }
        Thread* thread = look_once(lwp);
        if (thread == nullptr && !settings.migrate_always) {
            thread = steal_neglected(lwp);
        }
        if (thread != nullptr) {
            lwp.futile_spins = 0;
            return thread;
        }
        if (lacks_watcher()) {
            poll_hooks.poll(*lwp.idle);
        }
        now = os::monotonic_now();
    } while (now < end && !has_timeouts_due(now));
    ++lwp.futile_spins;
    return look_outside(*lwp.idle, lwp) ? look_once(lwp) : nullptr;
}

// What waits for another LWP keeps one searching, who takes it if it is neglected.
bool work_in_sight(const Lwp& lwp)
{
    if (shared_queues.size() != 0 || lwp.run_queue->size() != 0) {
        return true;
    }
    const std::uint32_t limit = pool_members.limit();
    for (std::uint32_t i = 0; i < limit; ++i) {
        const Lwp* other = pool_members.at(i);
        if (other != nullptr && other != &lwp && other->run_queue->size() >= 2 &&
            (takes_at_once() || idle_lwps.searching() == 0)) {
            return true;
        }
    }
    return false;
}

// Gives up the LWP's place in the pool if it is one too many.
bool may_retire(const Lwp& lwp)
{
    // relaxed: its own. The leader of the process must not end before the process does; nor can the
    // process's first task, whose idle context has a stack of ours, wherever it is the leader.
    const std::uint32_t tid = lwp.tid.load(memory_order_relaxed);
    if (static_cast<std::int32_t>(tid) == os::process_id() || lwp.idle->slot != nullptr) {
        return false;
    }
    std::uint32_t count = process.pool_lwps.load(memory_order_relaxed);  // relaxed: the CAS decides
    // relaxed: a level raised meanwhile makes the clock LWP add one again.
    while (count > process.concurrency.load(memory_order_relaxed) && count > 1) {
        if (process.pool_lwps.compare_exchange_weak(count, count - 1, memory_order_relaxed)) {
            return true;
        }
    }
    return false;
}

enum class Parked { kWoken, kLookAgain, kRetire };

// Signals for the process that the thread it ran last had blocked come to the LWP in its sleep.
void open_to_process(Lwp& lwp)
{
    // relaxed, both: whoever closes more kicks us; and this LWP only.
    const std::uint64_t closed = closed_signals.load(memory_order_relaxed);
    if ((lwp.kernel_mask & ~closed) != 0 && lwp.signal_deferred.load(memory_order_relaxed) == 0) {
        lwp.kernel_mask = closed;
        os::set_kernel_mask(closed);
    }
}

// How long the LWP, without work, may stay in the pool; kNever: for ever.
std::int64_t retirement()
{
    // relaxed: a hint for how long to sleep.
    const bool surplus = process.pool_lwps.load(memory_order_relaxed) >
                         process.concurrency.load(memory_order_relaxed);
    return surplus ? saturating_add(os::monotonic_now(), settings.retire_after_ns) : kNever;
}

// The sleep itself. True: it was long enough for an LWP to retire.
bool sleep_idle(Lwp& lwp, ReadyEvents& ready)
{
    Thread& idle = *lwp.idle;
    open_to_process(lwp);
    const std::int64_t retire = retirement();
    const std::int64_t alarm = set_alarm();
    const std::int64_t first = retire < alarm ? retire : alarm;
    const std::int64_t until = first != kNever ? first : 0;
    leave_critical(idle);  // handlers run here
    LT_PROBE2(lwp__park, lwp.index, in_place(lwp.tid));
    if (!wants_polling() || !poll_hooks.watch(lwp, until, ready)) {
        lwp.parker.park_until(until);
    }
    LT_PROBE2(lwp__unpark, lwp.index, in_place(lwp.tid));
    enter_critical(idle);
    clear_alarm(alarm);
    return retire != kNever && os::monotonic_now() >= retire;
}

// Sleeps until there may be work. kWoken: a waker counted us as searching.
Parked park_idle(Lwp& lwp)
{
    if (!settings.migrate_always && work_in_sight(lwp)) {
        return Parked::kLookAgain;  // spares the fence
    }
    Thread& idle = *lwp.idle;
    // relaxed: for lwpinspect.
    lwp.since_ns.store(os::coarse_now(), memory_order_relaxed);
    lwp.state.store(LwpState::kParked, memory_order_relaxed);  // relaxed: as above
    idle_lwps.add(lwp);
    // Either a pusher sees us in the list, or we see what it pushed: this is the slow half of a
    // fence whose fast half is in call_for_help().
    os::process_wide_fence();
    ReadyEvents ready;
    const bool timed_out = !work_in_sight(lwp) && sleep_idle(lwp, ready);
    lwp.state.store(LwpState::kSearching, memory_order_relaxed);  // relaxed: for lwpinspect
    const bool woken = !idle_lwps.remove(lwp);
    if (ready.count != 0) {
        poll_hooks.deliver(idle, ready);
    }
    // If it was the watcher, another one without work is to be.
    find_watcher();
    if (woken) {
        return Parked::kWoken;
    }
    return timed_out && ready.count == 0 && may_retire(lwp) ? Parked::kRetire : Parked::kLookAgain;
}

// Whether somebody waits for the idle context to leave its critical region.
bool is_to_halt(const Thread& idle)
{
    // relaxed: whoever asks, asks again.
    return (idle.requests.load(memory_order_relaxed) & kRequestHalt) != 0;
}

// Forced migration: what was left in the queue here is for another LWP, and what that left there
// meanwhile is for us. If all others keep theirs for long, one thread may stay here after all. One
// that is about to look or to park takes no time; for others naps, and no sched_yield: that
// forfeits a whole turn of the processor each time.
Thread* leave_to_others(Lwp& lwp)
{
    constexpr int kSpins = 100;
    constexpr int kNaps = 20;
    for (int round = 0; round < kSpins + kNaps && shared_queues.size() != 0; ++round) {
        if (LT_UNLIKELY(is_to_halt(*lwp.idle)) || idle_lwps.wake_one()) {
            return nullptr;
        }
        if (round < kSpins) {
            for (int i = 0; i < 8; ++i) {
                arch::pause();
            }
        } else {
            const timespec length{0, 100'000};
            os::raw_syscall(SYS_nanosleep, os::syscall_argument(&length), 0);
        }
        if (Thread* thread = look_once(lwp)) {
            return thread;
        }
    }
    return shared_queues.take(0);
}

void run(Lwp& lwp, Thread& thread)
{
    if (stop_if_suspended(thread)) {
        return;
    }
    lwp.state.store(LwpState::kRunning, memory_order_relaxed);  // relaxed: for lwpinspect
    switch_to(*lwp.idle, thread, {});
    lwp.state.store(LwpState::kSearching, memory_order_relaxed);  // relaxed: as above
}

}  // namespace

Thread* steal_plenty(const Lwp& thief, bool unrun) noexcept
{
    const std::uint32_t limit = pool_members.limit();
    for (std::uint32_t i = 1; i <= limit; ++i) {
        Lwp* victim = pool_members.at((thief.index + i) % limit);
        if (victim == nullptr || victim == &thief || victim->run_queue->size() < 2 ||
            (!unrun && victim->run_queue->begins_unrun())) {
            continue;
        }
        if (Thread* thread = victim->run_queue->take()) {
            return thread;
        }
    }
    return nullptr;
}

void run_idle_loop(Lwp& lwp) noexcept
{
    bool counted = false;  // in idle_lwps.searching()
    for (;;) {
        if (LT_UNLIKELY(is_to_halt(*lwp.idle))) {
            leave_critical(*lwp.idle);
            enter_critical(*lwp.idle);
        }
        Thread* thread = is_look_due(lwp) ? nullptr : look_once(lwp);
        if (thread == nullptr && look_outside(*lwp.idle, lwp)) {
            thread = look_once(lwp);
        }
        if (thread == nullptr && settings.cpus > 1 && (counted || idle_lwps.searching() == 0) &&
            spinning_pays(lwp)) {
            if (!counted) {
                idle_lwps.begin_search();
                counted = true;
            }
            thread = spin_for_work(lwp);
        }
        if (counted) {
            counted = false;
            // The last one to stop searching with work in hand sends for the next.
            if (idle_lwps.end_search() == 0 && thread != nullptr && work_in_sight(lwp)) {
                idle_lwps.wake_one();
            }
        }
        if (thread != nullptr) {
            run(lwp, *thread);
            continue;
        }
        if (settings.migrate_always) {
            if (Thread* found = leave_to_others(lwp)) {
                run(lwp, *found);
                continue;
            }
        }
        const Parked result = park_idle(lwp);
        if (result == Parked::kRetire) {
            return;
        }
        counted = result == Parked::kWoken;
    }
}

}  // namespace lt
