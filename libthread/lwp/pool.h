// The LWPs there are, and those among them that sleep for want of work.
#pragma once

#include <cstdint>

#include "base/error.h"
#include "lwp/lwp.h"
#include "os/slab.h"

namespace lt {

using LwpRecords = os::SlabPool<Lwp, 64>;
extern LwpRecords lwp_records;

// A record for a new LWP, not yet carried by a kernel task; nullptr: out of memory.
Lwp* allocate_lwp() noexcept;

// The end of an LWP, called by itself: the record may be reused at once. In a critical region or
// with all signals blocked.
void release_lwp(Lwp& lwp) noexcept;

// Takes what the LWP keeps of ended threads. Called by release_lwp(); installed once.
using ReleaseHook = void (*)(Lwp& lwp);
extern ReleaseHook release_hook;

// The LWPs that serve unbound threads, for thieves and for the clock LWP. A slot is filled when an
// LWP enters service and emptied when it retires.
class PoolMembers {
  public:
    static constexpr std::uint32_t kMax = 4096;

    // False: the table is full.
    [[nodiscard]] bool add(Lwp& lwp) noexcept;
    void remove(Lwp& lwp) noexcept;
    void reset_after_fork() noexcept;

    // One past the highest slot ever used.
    [[nodiscard]] std::uint32_t limit() const noexcept
    {
        return limit_.load(memory_order_acquire);  // acquire: the slots below are filled or empty
    }
    // nullptr: an empty slot.
    [[nodiscard]] Lwp* at(std::uint32_t slot) const noexcept
    {
        // acquire: pairs with add(): its fields are set.
        return slots_[slot].load(memory_order_acquire);
    }

  private:
    Atomic<std::uint32_t> limit_{0};
    Atomic<Lwp*> slots_[kMax] = {};
};

extern PoolMembers pool_members;

// LWPs asleep in park(), most recently parked first.
class IdleLwps {
  public:
    void add(Lwp& lwp) noexcept;

    // Takes `lwp` out if it is still there; false: a waker has taken it and counted it as
    // searching.
    [[nodiscard]] bool remove(Lwp& lwp) noexcept;

    // In the child of fork, where the parked LWPs do not exist.
    void reset_after_fork() noexcept LT_NO_TSA;

    // Takes one out and wakes it, as a searcher; false: none was idle.
    bool wake_one() noexcept;

    [[nodiscard]] std::uint32_t count() const noexcept
    {
        // relaxed: pushers look without a fence; an LWP that parks calls process_wide_fence()
        // between announcing itself here and its last look at the queues.
        return count_.load(memory_order_relaxed);
    }

    // LWPs awake and looking for work. Changed by each LWP itself, and by the waker on behalf of
    // the one it wakes. relaxed: a hint that keeps wakers from waking more than one at a time.
    [[nodiscard]] std::uint32_t searching() const noexcept
    {
        return searching_.load(memory_order_relaxed);  // relaxed: see above
    }
    void begin_search() noexcept
    {
        searching_.fetch_add(1, memory_order_relaxed);  // relaxed: see searching()
    }
    // Returns how many search on.
    std::uint32_t end_search() noexcept
    {
        // acq_rel: what we saw while searching comes before.
        return searching_.fetch_sub(1, memory_order_acq_rel) - 1;
    }

  private:
    SpinLock lock_;  // guards the list and the `listed_idle` marks; leaf
    Lwp* head_ LT_GUARDED_BY(lock_) = nullptr;
    Atomic<std::uint32_t> count_{0};
    Atomic<std::uint32_t> searching_{0};
};

extern IdleLwps idle_lwps;

}  // namespace lt
