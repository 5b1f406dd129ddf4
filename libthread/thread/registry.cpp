#include "thread/registry.h"

#include "lwp/lwp.h"
#include "os/tcb.h"
#include "sched/records.h"
#include "sync/cancellation.h"
#include "thread/mask_census.h"
#include "thread/pending_signals.h"
#include "thread/stack_cache.h"

namespace lt {

namespace {

// A block of ids falls into consecutive buckets of its own, so a bucket belongs to one shard;
// chains stay short up to a few hundred thousand live threads.
constexpr std::uint32_t kBuckets = 1U << 16;
static_assert(kBuckets % (kIdBlock * kLifeShards) == 0);
constinit Thread* buckets[kBuckets] LT_GUARDED_BY(life_lock) = {};
// Ids have been used up once: the next one may be taken. Set ahead of the change of the last id.
constinit Atomic<bool> ids_wrapped{false};

// So many ids an LWP takes one by one: a process with few threads has them in the order of their
// making, whatever LWP makes them.
constexpr std::uint32_t kSingleIds = 64;

Thread*& bucket_of(std::uint32_t id) LT_REQUIRES(life_lock)
{
    return buckets[id % kBuckets];
}

// The next id, or the rest of the block that it lies in.
void reserve_ids(Lwp& lwp)
{
    // relaxed, all: the ids themselves are all that is handed over.
    std::uint32_t last = process.last_id.load(memory_order_relaxed);
    std::uint32_t first = 0;
    std::uint32_t count = 0;
    do {
        if (LT_UNLIKELY(last == kMaxThreadId)) {
            ids_wrapped.store(true, memory_order_relaxed);  // relaxed: see may_be_taken()
        }
        first = last == kMaxThreadId ? 1 : last + 1;
        count = lwp.ids_taken < kSingleIds ? 1 : kIdBlock - first % kIdBlock;
        // acq_rel: who goes on from here sees the mark set before.
    } while (!process.last_id.compare_exchange_weak(last, first + count - 1, memory_order_acq_rel,
                                                    memory_order_acquire));
    ++lwp.ids_taken;  // a block counts as one
    lwp.next_id = first;
    lwp.ids_left = count;
}

std::uint32_t next_id(Lwp& lwp)
{
    if (LT_UNLIKELY(lwp.ids_left == 0)) {
        reserve_ids(lwp);
    }
    --lwp.ids_left;
    return lwp.next_id++;
}

// relaxed: all writers hold the shard; readers without it take a hint.
void add_alive(const LifeShard& shard, std::uint32_t change) LT_REQUIRES(life_lock)
{
    Atomic<std::uint32_t>& alive = process.parts[&shard - life_shards].alive;
    alive.store(alive.load(memory_order_relaxed) + change, memory_order_relaxed);
}

// Whether an earlier thread may have the id still.
bool may_be_taken()
{
    // relaxed: set ahead of all ids that are used for the second time.
    return ids_wrapped.load(memory_order_relaxed);
}

LT_INLINE void enter(LifeShard& shard, Thread& thread, std::uint32_t id) LT_REQUIRES(life_lock)
{
    Thread*& bucket = bucket_of(id);
    thread.hash_next = bucket;
    bucket = &thread;
    thread.id.store(id, memory_order_relaxed);  // relaxed: under the lock
    add_alive(shard, 1);
    if (LT_LIKELY(!thread.has(kFlagDaemon))) {
        enter_set(shard, kNonDaemons);
        if (LT_UNLIKELY(thread.has(kFlagForeign))) {
            ++shard.foreign;
        }
    }
}

// False: the id is another's still.
LT_NOINLINE bool register_under_all(Thread& thread, std::uint32_t id)
{
    const LifeGuard guard;
    if (find_thread(id) != nullptr) {
        return false;
    }
    LifeShard& shard = life_shard_of(id);
    enter(shard, thread, id);
    count_mask(shard, thread);
    return true;
}

// Whether the creator is in all sets that the thread will be in: they are not empty.
bool follows(const Thread* creator, const Thread& thread)
{
    return creator != nullptr && creator->counted_mask == thread.signal_mask &&
           !creator->has(kFlagDaemon);
}

// Under the thread's shard, if it leaves no set empty there that has its anchor there, or all.
LT_INLINE Leave leave(LifeShard& shard, Thread& thread, bool to_be_buried) LT_REQUIRES(life_lock)
{
    thread.leaving = true;
    uncount_mask(shard, thread);
    add_alive(shard, std::uint32_t{0} - 1);
    const bool awaited = thread.joiners != 0;
    if (thread.has(kFlagDaemon)) {
        return {false, awaited};
    }
    const std::uint32_t foreign = thread.has(kFlagForeign) ? 1U : 0U;
    shard.foreign -= foreign;
    shard.ending += to_be_buried ? 1 - foreign : 0;
    return {leave_set(shard, kNonDaemons), awaited};
}

// The first zombie for which `fits` is true; nullptr: none. All shards, each in its turn.
template <class Fits>
Thread* first_zombie(Fits fits) LT_REQUIRES(life_lock)
{
    for (std::uint32_t i = 0; i < kLifeShards; ++i) {
        const LifeShard& shard = life_shards[(census.reaped + i) % kLifeShards];
        for (Thread* thread = shard.first_zombie; thread != nullptr; thread = thread->next) {
            if (fits(*thread)) {
                return thread;
            }
        }
    }
    return nullptr;
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

void register_thread(Thread* creator, Lwp& lwp, Thread& thread) noexcept
{
    for (;;) {
        const std::uint32_t id = next_id(lwp);
        if (LT_UNLIKELY(!follows(creator, thread) || may_be_taken())) {
            if (register_under_all(thread, id)) {
                return;
            }
            continue;
        }
        LifeShard& shard = life_shard_of(id);
        const LifeGuard guard{shard};
        enter(shard, thread, id);
        count_mask_as(shard, thread, *creator);
        return;
    }
}

bool leave_census_to_others(LifeShard& shard, Thread& thread) noexcept
{
    const CensusSet mask = mask_set(thread.counted_class);
    Atomic<std::uint32_t>& masked = shard.present[mask];
    Atomic<std::uint32_t>& present = shard.present[kNonDaemons];
    // relaxed, all: locked.
    const std::uint32_t masked_before = masked.load(memory_order_relaxed);
    const std::uint32_t before = present.load(memory_order_relaxed);
    if (LT_UNLIKELY(thread.awaited.load(memory_order_relaxed) != 0 ||
                    !can_leave(shard, mask, masked_before) ||
                    !can_leave(shard, kNonDaemons, before))) {
        return false;
    }
    thread.leaving = true;
    masked.store(masked_before - 1, memory_order_relaxed);  // relaxed: as above
    present.store(before - 1, memory_order_relaxed);        // relaxed: as above
    add_alive(shard, std::uint32_t{0} - 1);
    return true;
}

Leave leave_census(Thread& thread, bool to_be_buried) noexcept
{
    LifeShard& shard = life_shard_of(thread.number());
    {
        const LifeGuard guard{thread.number()};
        if (LT_LIKELY(can_uncount_mask(shard, thread) && can_leave(shard, kNonDaemons))) {
            return leave(shard, thread, to_be_buried);
        }
    }
    const LifeGuard guard;
    return leave(shard, thread, to_be_buried);
}

void unregister_thread(Thread& thread) noexcept
{
    Thread** link = &bucket_of(thread.number());
    while (*link != &thread) {
        link = &(*link)->hash_next;
    }
    *link = thread.hash_next;
    thread.hash_next = nullptr;
}

void add_zombie(Thread& thread) noexcept
{
    thread.state.store(ThreadState::kZombie, memory_order_relaxed);  // relaxed: under the lock
    LifeShard& shard = life_shard_of(thread.number());
    thread.next = nullptr;
    thread.prev = shard.last_zombie;
    (shard.last_zombie != nullptr ? shard.last_zombie->next : shard.first_zombie) = &thread;
    shard.last_zombie = &thread;
}

void remove_zombie(Thread& thread) noexcept
{
    LifeShard& shard = life_shard_of(thread.number());
    (thread.prev != nullptr ? thread.prev->next : shard.first_zombie) = thread.next;
    (thread.next != nullptr ? thread.next->prev : shard.last_zombie) = thread.prev;
    thread.next = thread.prev = nullptr;
}

Thread* first_free_zombie() noexcept
{
    Thread* found = first_zombie(
        [](const Thread& zombie) { return zombie.joiners == 0 && !zombie.has(kFlagForeign); });
    if (found != nullptr) {
        census.reaped = life_shard_index(found->number());
    }
    return found;
}

bool joiner_on_its_way() noexcept
{
    return first_zombie([](const Thread& zombie) {
               return zombie.joiners != 0 && !zombie.has(kFlagForeign);
           }) != nullptr;
}

Thread* zombie_of_pthread(std::uint64_t pthread_id, MadeBy maker) noexcept
{
    return first_zombie([=](const Thread& zombie) {
        return zombie.pthread_id == pthread_id && zombie.has(kFlagBound) &&
               zombie.has(kFlagForeign) == (maker == MadeBy::kOthers);
    });
}

void forget_other_threads(Thread& self) noexcept
{
    thread_records.for_each([&self](Thread& gone) LT_NO_TSA {
        if (&gone != &self && gone.number() != 0) {
            bucket_of(gone.number()) = nullptr;
            // Its record and stack stay unused: the child's memory is a copy anyway.
            gone.id.store(0, memory_order_relaxed);  // relaxed: nobody else is here
            gone.state.store(ThreadState::kFree, memory_order_relaxed);  // relaxed: as above
        }
    });
    self.hash_next = nullptr;
    bucket_of(self.number()) = &self;
    self.joiners = 0;
    forget_census();
    LifeShard& shard = life_shard_of(self.number());
    enter_set(shard, kNonDaemons);
    shard.foreign = self.has(kFlagForeign) ? 1U : 0U;
    for (ThreadPart& part : process.parts) {
        part.alive.store(0, memory_order_relaxed);  // relaxed: nobody else is here
    }
    add_alive(shard, 1);
}

LT_NOINLINE void give_back_slot(Thread& self, Thread& thread) noexcept
{
    if (thread.slot == nullptr) {
        return;
    }
    auto* slot = static_cast<os::StackSlot*>(thread.slot);
    os::tcb_forget_cancellation(slot->tcb);
    keep_slot(self, slot, os::tcb_can_reset());
    thread.slot = nullptr;
}

namespace {

// Whether record and stack, kept together, suit the next thread that asks for nothing special.
bool has_usual_stack(const Thread& thread)
{
    const auto* slot = static_cast<const os::StackSlot*>(thread.slot);
    return slot != nullptr && slot->size_class == os::kDefaultStackClass &&
           !thread.has(kFlagUserStack) && os::tcb_can_reset();
}

LT_NOINLINE void give_back_parts(Thread& self, Thread& thread)
{
    give_back_slot(self, thread);
    keep_record(self, thread);
}

}  // namespace

void recycle_thread(Thread& self, Thread& thread) noexcept
{
    const bool whole = has_usual_stack(thread);
    // relaxed, all: nobody finds the thread any more, and the record's pool hands it on.
    thread.id.store(0, memory_order_relaxed);
    thread.flags.store(0, memory_order_relaxed);                   // relaxed: as above
    thread.state.store(ThreadState::kFree, memory_order_relaxed);  // relaxed: as above
    drop_pending(thread);
    thread.requests.store(0, memory_order_relaxed);                      // relaxed: as above
    thread.cancel_requested.store(kNotRequested, memory_order_relaxed);  // relaxed: as above
    thread.wait_kind = WaitKind::kNone;
    thread.name[0] = '\0';
    if (LT_LIKELY(whole)) {
        os::tcb_forget_cancellation(thread.tcb);
        if (LT_LIKELY(keep_whole(self, thread))) {
            return;
        }
    }
    give_back_parts(self, thread);
}

}  // namespace lt
