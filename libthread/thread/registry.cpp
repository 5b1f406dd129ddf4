#include "thread/registry.h"

#include "os/tcb.h"
#include "thread/mask_census.h"
#include "thread/pending_signals.h"
#include "thread/stack_cache.h"

namespace lt {

constinit SpinLock life_lock;
constinit Census census;

namespace {

// Ids rise, so consecutive threads fall into consecutive buckets; chains stay short up to a few
// hundred thousand live threads.
constexpr std::uint32_t kBuckets = 1U << 16;
constinit Thread* buckets[kBuckets] LT_GUARDED_BY(life_lock) = {};
// Ids have been used up once: the next one may be taken.
constinit bool ids_wrapped LT_GUARDED_BY(life_lock) = false;
constinit Thread* first_zombie LT_GUARDED_BY(life_lock) = nullptr;
constinit Thread* last_zombie LT_GUARDED_BY(life_lock) = nullptr;

Thread*& bucket_of(std::uint32_t id) LT_REQUIRES(life_lock)
{
    return buckets[id % kBuckets];
}

std::uint32_t next_id() LT_REQUIRES(life_lock)
{
    // relaxed: written under the lock; lwpinspect reads it.
    std::uint32_t id = process.last_id.load(memory_order_relaxed);
    do {
        ids_wrapped = ids_wrapped || id == kMaxThreadId;
        id = id == kMaxThreadId ? 1 : id + 1;
    } while (LT_UNLIKELY(ids_wrapped) && find_thread(id) != nullptr);
    process.last_id.store(id, memory_order_relaxed);  // relaxed: as above
    return id;
}

// relaxed: all writers hold the lock; readers without it take a hint.
std::uint32_t add_to(Atomic<std::uint32_t>& counter, int change) LT_REQUIRES(life_lock)
{
    const std::uint32_t sum =
        counter.load(memory_order_relaxed) + static_cast<std::uint32_t>(change);
    counter.store(sum, memory_order_relaxed);  // relaxed: as above
    return sum;
}

}  // namespace

Thread* find_thread(std::uint32_t id) noexcept
{
    Thread* thread = bucket_of(id);
    // relaxed: ids change under the lock.
    while (thread != nullptr && thread->number() != id) {
        thread = thread->hash_next;
    }
    return thread;
}

void register_thread(Thread& thread) noexcept
{
    const std::uint32_t id = next_id();
    Thread*& bucket = bucket_of(id);
    thread.hash_next = bucket;
    bucket = &thread;
    thread.id.store(id, memory_order_relaxed);  // relaxed: under the lock
    thread.leaving = false;
    count_mask(thread);
    add_to(process.threads, 1);
    if (!thread.has(kFlagDaemon)) {
        add_to(census.non_daemons, 1);
        census.foreign += thread.has(kFlagForeign) ? 1U : 0U;
    }
}

bool census_remove(Thread& thread) noexcept
{
    thread.leaving = true;
    uncount_mask(thread);
    add_to(process.threads, -1);
    if (thread.has(kFlagDaemon)) {
        return false;
    }
    census.foreign -= thread.has(kFlagForeign) ? 1U : 0U;
    return add_to(census.non_daemons, -1) == 0;
}

void unregister_thread(Thread& thread) noexcept
{
    Thread** link = &bucket_of(thread.number());
    while (*link != &thread) {
        link = &(*link)->hash_next;
    }
    *link = thread.hash_next;
    thread.hash_next = nullptr;
    thread.id.store(0, memory_order_relaxed);  // relaxed: as above
}

void add_zombie(Thread& thread) noexcept
{
    thread.state.store(ThreadState::kZombie, memory_order_relaxed);  // relaxed: under the lock
    thread.next = nullptr;
    thread.prev = last_zombie;
    (last_zombie != nullptr ? last_zombie->next : first_zombie) = &thread;
    last_zombie = &thread;
}

void remove_zombie(Thread& thread) noexcept
{
    (thread.prev != nullptr ? thread.prev->next : first_zombie) = thread.next;
    (thread.next != nullptr ? thread.next->prev : last_zombie) = thread.prev;
    thread.next = thread.prev = nullptr;
}

Thread* first_free_zombie() noexcept
{
    Thread* thread = first_zombie;
    while (thread != nullptr && (thread->joiners != 0 || thread->has(kFlagForeign))) {
        thread = thread->next;
    }
    return thread;
}

void forget_other_threads(Thread& self) noexcept
{
    for (Thread*& bucket : buckets) {
        for (Thread* thread = bucket; thread != nullptr;) {
            Thread* gone = thread;
            thread = thread->hash_next;
            if (gone != &self) {
                // Its record and stack stay unused: the child's memory is a copy anyway.
                gone->id.store(0, memory_order_relaxed);  // relaxed: nobody else is here
                gone->state.store(ThreadState::kFree, memory_order_relaxed);  // relaxed: as above
            }
        }
        bucket = nullptr;
    }
    self.hash_next = nullptr;
    bucket_of(self.number()) = &self;
    first_zombie = last_zombie = nullptr;
    self.joiners = 0;
    census.non_daemons.store(1, memory_order_relaxed);  // relaxed: nobody else is here
    census.blocked_joiners = census.any_joiners = census.ending = 0;
    census.foreign = self.has(kFlagForeign) ? 1U : 0U;
    process.threads.store(1, memory_order_relaxed);  // relaxed: as above
}

bool joiner_on_its_way() noexcept
{
    const Thread* thread = first_zombie;
    while (thread != nullptr && (thread->joiners == 0 || thread->has(kFlagForeign))) {
        thread = thread->next;
    }
    return thread != nullptr;
}

Thread* zombie_of_pthread(std::uint64_t pthread_id, MadeBy maker) noexcept
{
    const bool foreign = maker == MadeBy::kOthers;
    Thread* thread = first_zombie;
    while (thread != nullptr && (thread->pthread_id != pthread_id || !thread->has(kFlagBound) ||
                                 thread->has(kFlagForeign) != foreign)) {
        thread = thread->next;
    }
    return thread;
}

void give_back_slot(Thread& self, Thread& thread) noexcept
{
    if (thread.slot == nullptr) {
        return;
    }
    auto* slot = static_cast<os::StackSlot*>(thread.slot);
    os::tcb_forget_cancellation(slot->tcb);
    keep_slot(self, slot, os::tcb_can_reset());
    thread.slot = nullptr;
}

void free_thread(Thread& self, Thread& thread) noexcept
{
    unregister_thread(thread);
    give_back_slot(self, thread);
    thread.flags.store(0, memory_order_relaxed);                   // relaxed: under the lock
    thread.state.store(ThreadState::kFree, memory_order_relaxed);  // relaxed: as above
    drop_pending(thread);
    thread.requests.store(0, memory_order_relaxed);          // relaxed: as above
    thread.cancel_requested.store(0, memory_order_relaxed);  // relaxed: as above
    thread.wait_kind = WaitKind::kNone;
    thread.name[0] = '\0';
    keep_record(self, thread);
}

}  // namespace lt
