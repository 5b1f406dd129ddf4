#include "thread/stack_cache.h"

#include "base/atomic.h"
#include "os/spinlock.h"
#include "os/tcb.h"
#include "sched/critical.h"
#include "sched/records.h"
#include "thread/fork.h"

namespace lt {
namespace {

constexpr std::uint32_t kSizeClasses = 64;

// How many move to or from the common ones at a time. A thread that creates without pause rests
// after 32 (rest_after_creating), and gets those back from what its LWP keeps.
constexpr std::uint32_t kBatch = 16;

// Common stacks of a class that are kept in any case.
constexpr std::uint32_t kReserve = 1024;

struct CommonStacks {
    os::StackSlot* first = nullptr;
    std::uint32_t count = 0;
    std::uint32_t least = 0;  // that there were since note_surplus() was called last
    std::uint32_t surplus = 0;
};

// Whether a class may have more than that. Written under the lock, read by the clock LWP.
constinit Atomic<std::uint32_t> above_reserve{0};

// Guards the lists; leaf. Taken in a critical region, or with all signals blocked.
constinit SpinLock cache_lock;
constinit CommonStacks ready[kSizeClasses] LT_GUARDED_BY(cache_lock) = {};
constinit os::StackSlot* set_aside LT_GUARDED_BY(cache_lock) = nullptr;
// Whether set_aside has entries: looked at without the lock; relaxed, for it may wait.
constinit Atomic<std::uint32_t> something_aside{0};

template <class Entry>
struct Batch {
    Entry* first;
    Entry* last;
};

// Takes the newest `count`, which are at least one and no more than there are.
template <class Entry>
Batch<Entry> split_off(Recycled<Entry>& own, std::uint32_t count)
{
    Batch<Entry> batch{own.first, own.first};
    for (std::uint32_t i = 1; i < count; ++i) {
        batch.last = batch.last->next;
    }
    own.first = batch.last->next;
    own.count -= count;
    return batch;
}

// Nullptr: there is none.
os::StackSlot* pop(CommonStacks& stacks) LT_REQUIRES(cache_lock)
{
    os::StackSlot* slot = stacks.first;
    if (slot != nullptr) {
        stacks.first = slot->next;
        --stacks.count;
        stacks.least = stacks.count < stacks.least ? stacks.count : stacks.least;
    }
    return slot;
}

// From the common ones.
void fetch_slots(Recycled<os::StackSlot>& own, std::uint32_t size_class)
{
    const SpinGuard guard{cache_lock};
    while (own.count < kBatch) {
        os::StackSlot* slot = pop(ready[size_class]);
        if (slot == nullptr) {
            return;
        }
        own.push(*slot);
    }
}

os::StackSlot* take_common(std::uint32_t size_class)
{
    const SpinGuard guard{cache_lock};
    return pop(ready[size_class]);
}

void return_slots(std::uint32_t size_class, Batch<os::StackSlot> batch, std::uint32_t count)
{
    const SpinGuard guard{cache_lock};
    batch.last->next = ready[size_class].first;
    ready[size_class].first = batch.first;
    ready[size_class].count += count;
    if (LT_UNLIKELY(ready[size_class].count > kReserve)) {
        above_reserve.store(1, memory_order_relaxed);  // relaxed: a hint
    }
}

os::StackSlot* take_ready(Lwp& lwp, std::uint32_t size_class)
{
    if (LT_UNLIKELY(size_class >= Lwp::kStackClasses)) {
        return take_common(size_class);
    }
    Recycled<os::StackSlot>& own = lwp.stacks[size_class];
    if (LT_UNLIKELY(own.first == nullptr)) {
        fetch_slots(own, size_class);
    }
    return own.pop();
}

os::StackSlot* take_aside()
{
    const CriticalRegion region{current()};
    const SpinGuard guard{cache_lock};
    os::StackSlot* slot = set_aside;
    if (slot != nullptr) {
        set_aside = slot->next;
    } else {
        something_aside.store(0, memory_order_relaxed);  // relaxed: see its declaration
    }
    return slot;
}

}  // namespace

void lock_stack_cache() noexcept LT_NO_TSA
{
    cache_lock.lock();
}
void unlock_stack_cache() noexcept LT_NO_TSA
{
    cache_lock.unlock();
}

os::StackSlot* take_slot(Thread& self, std::size_t usable) noexcept
{
    return take_ready(*self.lwp, os::stack_size_class(usable));
}

os::StackSlot* make_slot(std::size_t usable, Error& error) noexcept
{
    os::StackSlot* slot = nullptr;
    {
        const CriticalRegion region{current()};
        slot = os::stack_slot_allocate(usable, error);
    }
    if (slot == nullptr) {
        return nullptr;
    }
    error = os::tcb_create(*slot);
    if (error != Error::kNone) {
        const CriticalRegion region{current()};
        os::stack_slot_free(slot);
        return nullptr;
    }
    return slot;
}

void keep_slot(Thread& self, os::StackSlot* slot, bool reset) noexcept
{
    if (LT_UNLIKELY(!reset)) {
        const SpinGuard guard{cache_lock};
        slot->next = set_aside;
        set_aside = slot;
        something_aside.store(1, memory_order_relaxed);  // relaxed: see its declaration
        return;
    }
    const std::uint32_t size_class = slot->size_class;
    if (LT_UNLIKELY(size_class >= Lwp::kStackClasses)) {
        return_slots(size_class, {slot, slot}, 1);
        return;
    }
    Recycled<os::StackSlot>& own = self.lwp->stacks[size_class];
    if (LT_UNLIKELY(own.count == kMostKept)) {
        return_slots(size_class, split_off(own, kBatch), kBatch);
    }
    own.push(*slot);
}

void trim_slots() noexcept
{
    if (LT_LIKELY(something_aside.load(memory_order_relaxed) == 0)) {  // relaxed: as above
        return;
    }
    while (os::StackSlot* slot = take_aside()) {
        os::tcb_destroy(*slot);
        const CriticalRegion region{current()};
        os::stack_slot_free(slot);
    }
}

Thread* take_record(Thread& self) noexcept
{
    Recycled<Thread>& own = self.lwp->records;
    if (LT_UNLIKELY(own.first == nullptr)) {
        own.count = thread_records.allocate_chain(kBatch, own.first);
    }
    return own.pop();
}

void keep_record(Thread& self, Thread& record) noexcept
{
    Recycled<Thread>& own = self.lwp->records;
    if (LT_UNLIKELY(own.count == kMostKept)) {
        const Batch<Thread> batch = split_off(own, kBatch);
        thread_records.release_chain(batch.first, batch.last);
    }
    own.push(record);
}

bool may_have_surplus() noexcept
{
    return above_reserve.load(memory_order_relaxed) != 0;  // relaxed: a hint
}

Surplus note_surplus() noexcept
{
    // The clock LWP, which asks, must not wait for a thread in fork: that may wait for one that is
    // suspended, and another's deadline be what continues it.
    if (!cache_lock.try_lock()) {
        return Surplus::kPerhaps;
    }
    Surplus found = Surplus::kNone;
    for (CommonStacks& stacks : ready) {
        stacks.surplus = stacks.least > kReserve ? stacks.least - kReserve : 0;
        stacks.least = stacks.count;
        if (stacks.surplus != 0) {
            found = Surplus::kNow;
        } else if (stacks.count > kReserve && found == Surplus::kNone) {
            found = Surplus::kPerhaps;
        }
    }
    above_reserve.store(found != Surplus::kNone ? 1 : 0, memory_order_relaxed);  // relaxed: a hint
    cache_lock.unlock();
    return found;
}

os::StackSlot* take_surplus(std::uint32_t most) noexcept
{
    const SpinGuard guard{cache_lock};
    os::StackSlot* chain = nullptr;
    for (CommonStacks& stacks : ready) {
        // Taken by threads since: there is less to spare.
        const std::uint32_t spare = stacks.count > kReserve ? stacks.count - kReserve : 0;
        std::uint32_t count = stacks.surplus < spare ? stacks.surplus : spare;
        stacks.surplus = count;
        for (count = count < most ? count : most; count != 0; --count, --most) {
            os::StackSlot* slot = pop(stacks);
            slot->next = chain;
            chain = slot;
            --stacks.surplus;
        }
    }
    return chain;
}

void return_surplus(os::StackSlot* chain) noexcept
{
    while (chain != nullptr) {
        os::StackSlot* slot = chain;
        chain = slot->next;
        return_slots(slot->size_class, {slot, slot}, 1);
    }
}

void share_recycled(Lwp& lwp) noexcept
{
    while (Thread* thread = lwp.whole.pop()) {
        auto* slot = static_cast<os::StackSlot*>(thread->slot);
        thread->slot = nullptr;
        return_slots(slot->size_class, {slot, slot}, 1);
        lwp.records.push(*thread);
    }
    for (std::uint32_t size_class = 0; size_class < Lwp::kStackClasses; ++size_class) {
        Recycled<os::StackSlot>& own = lwp.stacks[size_class];
        if (const std::uint32_t count = own.count; count != 0) {
            return_slots(size_class, split_off(own, count), count);
        }
    }
    if (lwp.records.count != 0) {
        const Batch<Thread> batch = split_off(lwp.records, lwp.records.count);
        thread_records.release_chain(batch.first, batch.last);
    }
}

void forget_recycled(Lwp& lwp) noexcept
{
    for (Recycled<os::StackSlot>& stacks : lwp.stacks) {
        stacks = {};
    }
    lwp.records = {};
    lwp.whole = {};
}

}  // namespace lt
