#include "thread/mask_census.h"

#include "lwp/pool.h"
#include "os/kernel_thread.h"
#include "os/signal_mask.h"
#include "os/syscall.h"
#include "sched/critical.h"
#include "sched/own_signals.h"
#include "sched/settings.h"
#include "sched/switch.h"
#include "thread/signal_lwp.h"

namespace lt {
namespace {

// What finds no place counts as open to all. Changed under all shards, as is all that follows.
constexpr std::uint8_t kClasses = kMaskSets - 1;
constexpr std::uint8_t kUnclassified = kClasses;
constinit std::uint64_t masks[kClasses] LT_GUARDED_BY(life_lock) = {};
constinit std::uint32_t awaiting[64] LT_GUARDED_BY(life_lock) = {};
constinit std::uint64_t awaited_by_any LT_GUARDED_BY(life_lock) = 0;

// Written under the life lock, read by the signal LWP.
constinit Atomic<std::uint64_t> watched{os::kAllSignals};
constinit Atomic<std::uint32_t> class_count{0};  // with threads in them; written under the lock
// Set under the lock, taken by settle_masks().
enum Change : std::uint32_t { kWatch = 1, kClosing = 2 };
constinit Atomic<std::uint32_t> changes{0};
// How often a signal was closed to the last thread.
constinit Atomic<std::uint32_t> closings{0};

void sum_up() LT_REQUIRES(life_lock)
{
    const bool any = !is_empty(mask_set(kUnclassified));
    std::uint64_t open = any ? os::kAllSignals : 0;
    std::uint32_t count = any ? 2 : 0;
    for (std::uint8_t i = 0; i < kClasses; ++i) {
        if (!is_empty(mask_set(i))) {
            open |= ~masks[i] & os::kAllSignals;
            ++count;
        }
    }
    const std::uint64_t closed = os::kAllSignals & ~open & ~settings.own_signals;
    const std::uint64_t wanted = (open | awaited_by_any) & ~settings.own_signals;
    // relaxed: this and the following are written under the lock only.
    const std::uint64_t closed_before = closed_signals.load(memory_order_relaxed);
    const bool watch = wanted != watched.load(memory_order_relaxed) ||  // relaxed: as above
                       count != class_count.load(memory_order_relaxed);
    closed_signals.store(closed, memory_order_seq_cst);  // seq_cst: see settle_masks()
    watched.store(wanted, memory_order_seq_cst);         // seq_cst: before the kick of the watcher
    class_count.store(count, memory_order_relaxed);      // relaxed: read by settle_masks()
    const std::uint32_t change =
        (watch ? kWatch : 0U) | ((closed & ~closed_before) != 0 ? kClosing : 0U);
    if (change != 0) {
        changes.fetch_or(change, memory_order_relaxed);  // relaxed: taken by settle_masks()
    }
}

// The class that has the mask, or the one to have it. Under all shards, or if it has threads.
std::uint8_t class_of(std::uint64_t mask) LT_REQUIRES(life_lock)
{
    if (LT_LIKELY(mask == 0)) {
        return 0;
    }
    std::uint8_t found = kUnclassified;
    for (std::uint8_t i = 1; i < kClasses; ++i) {
        if (is_empty(mask_set(i))) {
            found = found == kUnclassified ? i : found;
        } else if (masks[i] == mask) {
            return i;
        }
    }
    return found;
}

// True: the first of its class.
bool add(LifeShard& shard, Thread& thread) LT_REQUIRES(life_lock)
{
    thread.counted_mask = thread.signal_mask;
    thread.counted_class = class_of(thread.counted_mask);
    const CensusSet set = mask_set(thread.counted_class);
    if (LT_LIKELY(!enter_set(shard, set))) {
        return false;
    }
    if (thread.counted_class != kUnclassified) {
        masks[thread.counted_class] = thread.counted_mask;
    }
    return true;
}

void count_awaited(Thread& thread, std::uint64_t set) LT_REQUIRES(life_lock)
{
    // relaxed: its own, or it waits no more.
    const std::uint64_t before = thread.awaited.load(memory_order_relaxed);
    // A bound thread waits in the kernel, which gives it what nobody has open, in its order.
    for (int i = 0; i < 64 && !thread.has(kFlagBound); ++i) {
        awaiting[i] += static_cast<std::uint32_t>((set >> i) & 1U);
        awaiting[i] -= static_cast<std::uint32_t>((before >> i) & 1U);
        const std::uint64_t bit = std::uint64_t{1} << i;
        awaited_by_any = awaiting[i] != 0 ? awaited_by_any | bit : awaited_by_any & ~bit;
    }
    // seq_cst: before the look at what is pending; senders queue, then look here.
    thread.awaited.store(set, memory_order_seq_cst);
}

// Whether `lwp` is idle and has not taken over what was closed up to `number`.
bool is_open_yet(const Lwp& lwp, std::uint32_t number)
{
    // acquire: pairs with the LWP's start, which sets its id before, and with its switch, which
    // sets its thread's own mask.
    const Thread* thread = lwp.thread.load(memory_order_acquire);
    // acquire: pairs with note_closed(): its mask is in force.
    const std::uint32_t seen = lwp.closing_seen.load(memory_order_acquire);
    return thread != nullptr && thread->has(kFlagIdle) &&
           static_cast<std::int32_t>(seen - number) < 0;
}

// Returns once `lwp` is not idle or blocks what is closed. Kicked once, it takes that over, unless
// it runs a thread when the kick arrives, or another task has the record by then.
void close_idle_lwp(const Lwp& lwp, std::uint32_t number)
{
    std::uint32_t kicked = 0;
    std::uint64_t turn = 0;
    while (is_open_yet(lwp, number)) {
        // relaxed, both: read anew until the LWP is no longer idle and open.
        const std::uint32_t tid = lwp.tid.load(memory_order_relaxed);
        const std::uint64_t dispatches = lwp.dispatches.load(memory_order_relaxed);
        if (tid != kicked || dispatches != turn) {
            const CriticalRegion region{current()};
            if (send_own_signal(lwp, settings.kick_signal)) {
                kicked = tid;
                turn = dispatches;
            }
        }
        os::raw_syscall(SYS_sched_yield);
    }
}

// Idle LWPs take over `closed_signals`. An LWP that goes idle later sees it by itself.
void close_idle_lwps()
{
    // seq_cst: after the store of closed_signals.
    const std::uint32_t number = closings.fetch_add(1, memory_order_seq_cst) + 1;
    os::process_wide_fence();
    const std::uint32_t limit = pool_members.limit();
    for (std::uint32_t i = 0; i < limit; ++i) {
        if (const Lwp* lwp = pool_members.at(i)) {
            close_idle_lwp(*lwp, number);
        }
    }
}

// In a critical region.
void recount_inside(Thread& self)
{
    LifeShard& shard = life_shard_of(self.number());
    {
        const LifeGuard guard{self.number()};
        if (can_leave(shard, mask_set(self.counted_class)) &&
            !is_empty(mask_set(class_of(self.signal_mask)))) {
            leave_set(shard, mask_set(self.counted_class));
            add(shard, self);
            return;
        }
    }
    {
        const LifeGuard guard;
        const bool emptied = leave_set(shard, mask_set(self.counted_class));
        if (add(shard, self) || emptied) {
            sum_up();
        }
    }
}

}  // namespace

void count_mask(LifeShard& shard, Thread& thread) noexcept
{
    if (add(shard, thread)) {
        sum_up();
    }
}

void uncount_masks_last(Thread& thread) noexcept
{
    // relaxed: see can_uncount_mask().
    if (thread.awaited.load(memory_order_relaxed) != 0) {
        count_awaited(thread, 0);
    }
    sum_up();
}

void recount_mask(Thread& self) noexcept
{
    if (self.counted_mask != self.signal_mask) {
        const CriticalRegion region{self};
        recount_inside(self);
    }
    settle_masks();
}

void note_awaited(Thread& self, std::uint64_t set) noexcept
{
    const LifeGuard guard;
    count_awaited(self, set);
    sum_up();
}

void await_signals(Thread& self, std::uint64_t set) noexcept
{
    {
        const CriticalRegion region{self};
        note_awaited(self, set);
    }
    settle_masks();
}

void settle_masks() noexcept
{
    // relaxed: whoever changed something comes here afterwards itself.
    if (changes.load(memory_order_relaxed) == 0) {
        return;
    }
    const std::uint32_t change = changes.exchange(0, memory_order_seq_cst);  // seq_cst: once each
    if ((change & kClosing) != 0) {
        close_idle_lwps();
    }
    if ((change & kWatch) != 0) {
        tell_signal_lwp();
    }
}

std::uint64_t watched_signals() noexcept
{
    return watched.load(memory_order_seq_cst);  // seq_cst: see sum_up()
}

bool needs_signal_lwp() noexcept
{
    // relaxed, both: a later change tells again.
    return class_count.load(memory_order_relaxed) > 1 ||
           (watched.load(memory_order_relaxed) & closed_signals.load(memory_order_relaxed)) != 0;
}

std::uint64_t note_closed(Lwp& lwp, std::uint64_t mask) noexcept
{
    const std::uint32_t number = closings.load(memory_order_seq_cst);  // seq_cst: before the mask
    const std::uint64_t closed = closed_signals.load(memory_order_seq_cst);  // seq_cst: as above
    lwp.kernel_mask |= closed;
    lwp.closing_seen.store(number, memory_order_release);  // release: all is blocked in a handler
    return mask | closed;
}

void reset_masks_after_fork(Thread& self) noexcept
{
    for (std::uint32_t& count : awaiting) {
        count = 0;
    }
    awaited_by_any = 0;
    self.awaited.store(0, memory_order_relaxed);  // relaxed: nobody else is here
    changes.store(0, memory_order_relaxed);       // relaxed: as above
    add(life_shard_of(self.number()), self);
    sum_up();
    changes.store(0, memory_order_relaxed);  // relaxed: as above
}

}  // namespace lt
