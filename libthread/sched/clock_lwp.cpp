#include "sched/clock_lwp.h"

#include <new>

#include "lwp/pool.h"
#include "os/clock.h"
#include "os/kernel_thread.h"
#include "sched/busy.h"
#include "sched/dispatch.h"
#include "sched/expiry.h"
#include "sched/fork.h"
#include "sched/lwp_identity.h"
#include "sched/poll_hooks.h"
#include "sched/preemption.h"
#include "sched/run_queue.h"
#include "sched/settings.h"
#include "sched/shared_queues.h"

namespace lt {

// 1 until it runs: pushers then find it "asleep", and kicking a parker nobody sleeps on is
// harmless.
constinit Atomic<std::uint32_t> clock_unwatching{1};
constinit Atomic<std::int64_t> clock_looked_ns{0};

constinit ClockTurnHook clock_turn_hook = nullptr;

namespace {

constexpr std::int64_t kTickNs = 10'000'000;
// Threads wait to run, and some LWP has switched since the last look: what it runs now may block.
constexpr std::int64_t kSoonNs = 4'000'000;
// After growing for a blocked pool: the new LWP may block at once too.
constexpr std::int64_t kGrowthTickNs = 2'000'000;
// Every processor computes for others: whom they spin for may be the one that waits.
constexpr std::int64_t kStarvedNs = 500'000'000;
// Looks in a row that found nothing, after which it sleeps. If that was too soon, it is kicked: no
// oftener than it would have looked.
constexpr std::uint32_t kQuietTicks = 2;

struct Watch {
    std::int64_t last_look = 0;
    std::int64_t last_progress = 0;
    std::int64_t interval = kTickNs;
    std::uint32_t quiet = 0;
    std::uint32_t stalled = 0;  // looks in a row that found threads waiting and no switch
    std::uint64_t seen[PoolMembers::kMax] = {};
    std::uint32_t taken[PoolMembers::kMax] = {};  // from the run queues
    BusyLwps busy;
};

constinit Watch watch;           // the clock LWP only
constinit Lwp* clock = nullptr;  // set once, before the first kick
constinit Atomic<std::uint32_t> started{0};

std::uint32_t queued_threads()
{
    std::uint32_t count = shared_queues.size();
    const std::uint32_t limit = pool_members.limit();
    for (std::uint32_t i = 0; i < limit; ++i) {
        if (const Lwp* lwp = pool_members.at(i)) {
            count += lwp->run_queue->size();
        }
    }
    return count;
}

// What the LWPs of the pool did since the last look.
struct Look {
    bool progress = false;    // one of them switched
    std::uint32_t stuck = 0;  // carry the same thread as before
};

Look look_at_pool()
{
    Look look;
    const std::uint32_t limit = pool_members.limit();
    for (std::uint32_t i = 0; i < limit; ++i) {
        Lwp* lwp = pool_members.at(i);
        if (lwp == nullptr) {
            continue;
        }
        // relaxed: compared with an earlier reading.
        const std::uint64_t dispatches = lwp->dispatches.load(memory_order_relaxed);
        const bool moved = dispatches != watch.seen[i];
        watch.seen[i] = dispatches;
        // Also one that looks for work just now: between short turns it mostly does.
        look.progress = look.progress || moved;
        // relaxed: a guess will do.
        if (lwp->state.load(memory_order_relaxed) != LwpState::kRunning) {
            continue;
        }
        const std::uint32_t taken = lwp->run_queue->taken();
        if (moved) {
            if (taken == watch.taken[i] && lwp->run_queue->size() != 0) {
                lwp->turn_overdue.store(1, memory_order_relaxed);  // relaxed: a hint
            }
            watch.taken[i] = taken;
            continue;
        }
        ++look.stuck;
        // What waits behind a thread that keeps its LWP is for others: all of them look at the
        // shared queues now and then.
        lwp->handoffs.store(0, memory_order_relaxed);  // relaxed: a hint
        while (Thread* thread = lwp->run_queue->take()) {
            shared_queues.push(*thread);
        }
    }
    return look;
}

bool grow()
{
    // relaxed: only this LWP raises it past the level asked for.
    if (process.pool_lwps.load(memory_order_relaxed) >= process.max_lwps) {
        process.cap_hits.fetch_add(1, memory_order_relaxed);  // relaxed: a counter for people
        return false;
    }
    if (!use_spare_lwp() && !add_pool_lwp()) {
        process.cap_hits.fetch_add(1, memory_order_relaxed);  // relaxed: as above
        return false;
    }
    process.growths.fetch_add(1, memory_order_relaxed);  // relaxed: as above
    return true;
}

// The SIGWAITING rule. Threads wait to run and no LWP looked for work since the last look.
void help_waiting_threads(const Look& look, std::int64_t now)
{
    if (idle_lwps.count() != 0) {
        idle_lwps.wake_one();
        return;
    }
    if (look.progress || idle_lwps.searching() != 0 || settings.growth == Growth::kFixed) {
        return;
    }
    const Stall stall = watch.stalled == 0 ? Stall::kBegins : Stall::kGoesOn;
    const Busy busy = watch.busy.count(watch.seen, stall);
    if (busy.awake == 0) {
        watch.interval = grow() ? kGrowthTickNs : kTickNs;
        return;
    }
    // An LWP that waits for a processor behind other processes is not helped by one more: later
    // looks tell, by the processor time used since the first.
    const std::int64_t patience = busy.awake < settings.cpus ? kTickNs : kStarvedNs;
    if (++watch.stalled >= 2 && settings.growth == Growth::kAuto && busy.computing &&
        now - watch.last_progress >= patience && grow()) {
        // The new one, too, may wait for a processor before it takes a thread.
        watch.stalled = 0;
        watch.last_progress = now;
    }
    watch.interval = kTickNs;
}

// Returns when to look again; 0: nothing to watch.
std::int64_t watch_progress(std::int64_t now)
{
    if (now - watch.last_look < watch.interval - kTickNs / 10) {
        return watch.last_look + watch.interval;
    }
    watch.last_look = now;
    poll_hooks.confirm(*clock->idle, false);
    if (lacks_watcher()) {
        poll_hooks.poll(*clock->idle);
    }
    const Look look = look_at_pool();
    if (look.progress) {
        watch.last_progress = now;
        watch.stalled = 0;
    }
    const bool queued = queued_threads() != 0;
    watch.interval = queued && look.progress ? kSoonNs : kTickNs;
    watch.quiet = queued || look.progress ? 0 : watch.quiet + 1;
    if (queued) {
        help_waiting_threads(look, now);
    }
    return watch.quiet >= kQuietTicks ? 0 : now + watch.interval;
}

// The pool has at least the LWPs asked for, as far as there are threads for them.
void make_lwps_asked_for()
{
    for (;;) {
        // relaxed: levels change under our eyes; a change kicks us again.
        const std::uint32_t have = process.pool_lwps.load(memory_order_relaxed);
        std::uint32_t want = process.concurrency.load(memory_order_relaxed);
        const std::uint32_t threads = process.threads();
        want = want < threads ? want : threads;
        want = want < process.max_lwps ? want : process.max_lwps;
        if (have >= want || !(use_spare_lwp() || add_pool_lwp())) {
            return;
        }
    }
}

// Of two times of which 0 is never.
std::int64_t earlier(std::int64_t a, std::int64_t b)
{
    return b == 0 || (a != 0 && a < b) ? a : b;
}

std::int64_t look_at_time()
{
    const std::int64_t now = os::monotonic_now();
    clock_looked_ns.store(now, memory_order_relaxed);  // relaxed: see now_roughly()
    return now;
}

void begin_watch()
{
    look_at_time();
    // release: whoever finds us watching finds that time. From here on we look by ourselves.
    clock_unwatching.store(0, memory_order_release);
}

// `next`: when something is to be done at the latest; `next_look`: the pool is to be looked at.
void sleep_until(std::int64_t next, std::int64_t next_look)
{
    if (next_look != 0) {
        clock->parker.park_until(plan_clock_sleep(earlier(next, next_look)));
        return;
    }
    // relaxed: the process-wide fence orders it against the pushers' looks.
    clock_unwatching.store(1, memory_order_relaxed);
    os::process_wide_fence();
    poll_hooks.confirm(*clock->idle, true);
    const std::int64_t until = plan_clock_sleep(next);
    ReadyEvents ready;
    // Nobody has switched for a while. If threads wait for descriptors and no LWP is idle to watch
    // these, all are held by computations and calls: then it is for us.
    if (queued_threads() == 0 && !(lacks_watcher() && poll_hooks.watch(*clock, until, ready))) {
        clock->parker.park_until(until);
    }
    begin_watch();
    watch.quiet = 0;
    if (ready.count != 0) {
        poll_hooks.deliver(*clock->idle, ready);
    }
    find_watcher();
}

void* clock_main(void* argument)
{
    Lwp& lwp = *static_cast<Lwp*>(argument);
    Thread& self = take_lwp_identity(lwp, "lwp/clock");
    lwp.state.store(LwpState::kHelper, memory_order_relaxed);  // relaxed: for lwpinspect
    begin_watch();
    for (;;) {
        make_lwps_asked_for();
        keep_spare_lwp();
        const std::int64_t next = clock_turn_hook();
        expire_neglected_timeouts(self);
        const std::int64_t now = look_at_time();
        const std::int64_t next_look = watch_progress(now);
        const std::int64_t next_turn = end_turns(now);
        sleep_until(next, earlier(next_look, next_turn));
    }
}

}  // namespace

Error start_clock_lwp() noexcept
{
    std::uint32_t expected = 0;
    // acquire: a second caller sees the clock made by the first. relaxed: nothing to publish yet.
    if (!started.compare_exchange_strong(expected, 1, memory_order_acquire, memory_order_acquire)) {
        return Error::kNone;
    }
    Lwp* lwp = allocate_lwp();
    if (lwp == nullptr) {
        started.store(0, memory_order_release);  // release: the next caller tries anew
        return Error::kNoMemory;
    }
    clock = lwp;
    process.clock_word.store(lwp->parker.word(), memory_order_relaxed);  // relaxed: for debuggers
    constexpr std::size_t kStack = 128 * 1024;
    const Error error = os::start_kernel_thread(clock_main, lwp, kStack, &lwp->handle);
    if (error != Error::kNone) {
        process.clock_word.store(0, memory_order_relaxed);  // relaxed: as above
        clock = nullptr;
        release_lwp(*lwp);
        started.store(0, memory_order_release);  // release: as above
    }
    return error;
}

void reset_clock_after_fork() noexcept
{
    clock = nullptr;
    process.clock_word.store(0, memory_order_relaxed);  // relaxed: nobody else is here
    started.store(0, memory_order_relaxed);             // relaxed: nobody else is here
    clock_unwatching.store(1, memory_order_relaxed);    // relaxed: as above
    ::new (&watch) Watch;  // in place: an object on this stack could be all of it
}

void reset_scheduler_after_fork() noexcept
{
    shared_queues.reset_after_fork();
    idle_lwps.reset_after_fork();
    pool_members.reset_after_fork();
    reset_spilling_after_fork();
    reset_timeouts_after_fork();
    reset_spares_after_fork();
    reset_clock_after_fork();
}

bool clock_started() noexcept
{
    // acquire: pairs with the exchange that starts it.
    return started.load(memory_order_acquire) != 0;
}

void kick_clock() noexcept
{
    if (clock != nullptr) {
        clock->parker.unpark();
    }
}

}  // namespace lt
