#include "lwp/pool.h"

#include <libthread/inspect_abi.h>

#include "base/probe.h"

extern "C" lwpt_debug lwp_debug;

namespace lt {

constinit LwpRecords lwp_records{lwp_debug.lwp_slabs, &lwp_debug.lwp_slab_count};
constinit IdleLwps idle_lwps;
constinit PoolMembers pool_members;
constinit ReleaseHook release_hook = nullptr;

namespace {
constinit Atomic<std::uint32_t> next_index{0};
}

Lwp* allocate_lwp() noexcept
{
    Lwp* lwp = lwp_records.allocate();
    if (lwp == nullptr) {
        return nullptr;
    }
    if (lwp->index == 0 && lwp->idle == nullptr) {
        lwp->index = next_index.fetch_add(1, memory_order_relaxed);  // relaxed: only unique
    }
    lwp->handoffs.store(0, memory_order_relaxed);  // relaxed: a hint
    lwp->ticks = 0;
    lwp->signal_deferred.store(0, memory_order_relaxed);  // relaxed: nobody's yet
    lwp->after = {};
    return lwp;
}

void release_lwp(Lwp& lwp) noexcept
{
    LT_PROBE2(lwp__exit, lwp.index, in_place(lwp.tid));
    release_hook(lwp);
    // relaxed: the records' lock orders the reuse; readers outside tolerate a stale picture.
    lwp.tid.store(0, memory_order_relaxed);
    lwp.thread.store(nullptr, memory_order_relaxed);         // relaxed: as above
    lwp.state.store(LwpState::kFree, memory_order_relaxed);  // relaxed: as above
    lwp_records.release(&lwp);
}

bool PoolMembers::add(Lwp& lwp) noexcept
{
    for (std::uint32_t slot = 0; slot < kMax; ++slot) {
        Lwp* expected = nullptr;
        // release: whoever finds the LWP in the table finds it complete. relaxed: a full slot is
        // passed.
        if (slots_[slot].compare_exchange_strong(expected, &lwp, memory_order_release,
                                                 memory_order_relaxed)) {
            std::uint32_t limit = limit_.load(memory_order_relaxed);  // relaxed: the CAS decides
            // release: pairs with limit(). relaxed: another adder's higher limit is as good.
            while (limit <= slot &&
                   !limit_.compare_exchange_weak(limit, slot + 1, memory_order_release,
                                                 memory_order_relaxed)) {}
            return true;
        }
    }
    return false;
}

void PoolMembers::remove(Lwp& lwp) noexcept
{
    for (std::uint32_t slot = 0; slot < limit(); ++slot) {
        Lwp* expected = &lwp;
        // relaxed: a late thief finds an empty queue; records are type-stable. [I9]
        if (slots_[slot].compare_exchange_strong(expected, nullptr, memory_order_relaxed)) {
            return;
        }
    }
}

void IdleLwps::add(Lwp& lwp) noexcept
{
    const SpinGuard guard{lock_};
    lwp.next = head_;
    head_ = &lwp;
    lwp.listed_idle = true;
    // relaxed: the caller's process-wide fence follows.
    count_.store(count_.load(memory_order_relaxed) + 1, memory_order_relaxed);
}

bool IdleLwps::remove(Lwp& lwp) noexcept
{
    const SpinGuard guard{lock_};
    if (!lwp.listed_idle) {
        return false;
    }
    Lwp** link = &head_;
    while (*link != &lwp) {
        link = &(*link)->next;
    }
    *link = lwp.next;
    lwp.listed_idle = false;
    // relaxed: see add().
    count_.store(count_.load(memory_order_relaxed) - 1, memory_order_relaxed);
    return true;
}

bool IdleLwps::wake_one() noexcept
{
    Lwp* lwp = nullptr;
    {
        const SpinGuard guard{lock_};
        lwp = head_;
        if (lwp == nullptr) {
            return false;
        }
        head_ = lwp->next;
        lwp->listed_idle = false;
        // relaxed: see add().
        count_.store(count_.load(memory_order_relaxed) - 1, memory_order_relaxed);
        begin_search();
    }
    lwp->parker.unpark();
    return true;
}

void PoolMembers::reset_after_fork() noexcept
{
    for (auto& slot : slots_) {
        slot.store(nullptr, memory_order_relaxed);  // relaxed: nobody else is here
    }
    limit_.store(0, memory_order_relaxed);  // relaxed: as above
}

void IdleLwps::reset_after_fork() noexcept
{
    head_ = nullptr;
    count_.store(0, memory_order_relaxed);      // relaxed: nobody else is here
    searching_.store(0, memory_order_relaxed);  // relaxed: as above
    lock_.unlock();
}

}  // namespace lt
