#include "thread/stack_cache.h"

#include "base/atomic.h"
#include "os/spinlock.h"
#include "os/tcb.h"
#include "sched/critical.h"
#include "thread/fork.h"

namespace lt {
namespace {

constexpr std::uint32_t kClasses = 64;

// Guards the lists; leaf. Taken in a critical region.
constinit SpinLock cache_lock;
constinit os::StackSlot* ready[kClasses] LT_GUARDED_BY(cache_lock) = {};
constinit os::StackSlot* set_aside LT_GUARDED_BY(cache_lock) = nullptr;
// Whether set_aside has entries: looked at without the lock; relaxed, for it may wait.
constinit Atomic<std::uint32_t> something_aside{0};

os::StackSlot* take_ready(std::uint32_t size_class)
{
    const CriticalRegion region{current()};
    const SpinGuard guard{cache_lock};
    os::StackSlot* slot = ready[size_class];
    if (slot != nullptr) {
        ready[size_class] = slot->next;
    }
    return slot;
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

os::StackSlot* take_slot(std::size_t usable, bool& fresh, Error& error) noexcept
{
    fresh = false;
    const std::uint32_t size_class = os::stack_size_class(usable);
    if (os::StackSlot* slot = take_ready(size_class)) {
        return slot;
    }
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
    fresh = true;
    return slot;
}

void keep_slot(os::StackSlot* slot, bool reset) noexcept
{
    const SpinGuard guard{cache_lock};
    os::StackSlot*& list = reset ? ready[slot->size_class] : set_aside;
    slot->next = list;
    list = slot;
    if (!reset) {
        something_aside.store(1, memory_order_relaxed);  // relaxed: see its declaration
    }
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

}  // namespace lt
