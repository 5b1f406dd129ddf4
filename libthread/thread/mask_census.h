// Which signals are open to some thread, and which are awaited. Signals that are closed to all stay
// in the kernel's queue; the others are taken from it even when no LWP that runs has them open.
//
// The census goes by the masks that threads have for longer than a handler's time.
#pragma once

#include <cstdint>

#include "sched/thread.h"
#include "thread/registry.h"

namespace lt {

// The set of the threads that are counted with one mask. The first is for those that block nothing,
// the last for those whose mask found no place.
inline constexpr CensusSet mask_set(std::uint8_t mask_class)
{
    return kFirstMaskSet + mask_class;
}

// A thread of the shard comes. All shards.
void count_mask(LifeShard& shard, Thread& thread) noexcept LT_REQUIRES(life_lock);
// The same with the mask of `other`, who is counted and runs. The shard does.
inline void count_mask_as(LifeShard& shard, Thread& thread, const Thread& other)
    LT_REQUIRES(life_lock)
{
    thread.counted_mask = other.counted_mask;
    thread.counted_class = other.counted_class;
    enter_set(shard, mask_set(other.counted_class));
}

// A thread of the shard goes: under all shards, unless the shard does.
inline bool can_uncount_mask(const LifeShard& shard, const Thread& thread) LT_REQUIRES(life_lock)
{
    // relaxed: its own. A cancellation may have ended the wait.
    return thread.awaited.load(memory_order_relaxed) == 0 &&
           can_leave(shard, mask_set(thread.counted_class));
}
void uncount_masks_last(Thread& thread) noexcept LT_REQUIRES(life_lock);
inline void uncount_mask(LifeShard& shard, Thread& thread) LT_REQUIRES(life_lock)
{
    const bool emptied = leave_set(shard, mask_set(thread.counted_class));
    // relaxed: see can_uncount_mask().
    if (LT_UNLIKELY(emptied || thread.awaited.load(memory_order_relaxed) != 0)) {
        uncount_masks_last(thread);
    }
}

// The running thread's mask has changed. In no lock.
void recount_mask(Thread& self) noexcept;

// The running thread is about to wait for these, or has waited; 0: for none.
void await_signals(Thread& self, std::uint64_t set) noexcept;
// The same in a critical region, to be followed by settle_masks() behind it.
void note_awaited(Thread& self, std::uint64_t set) noexcept LT_EXCLUDES(life_lock);

// Acts on what has changed: to be called once the life lock is free. When it returns, no idle LWP
// has a signal open that is closed to all threads.
void settle_masks() noexcept;

// What to take out of the kernel's queue.
std::uint64_t watched_signals() noexcept;

// Whether that takes the signal LWP: LWPs of the pool see to signals that are open to all.
bool needs_signal_lwp() noexcept;

// In a handler on an LWP that looks for work: the mask to have when the handler returns.
std::uint64_t note_closed(Lwp& lwp, std::uint64_t mask) noexcept;

void reset_masks_after_fork(Thread& self) noexcept LT_NO_TSA;

}  // namespace lt
