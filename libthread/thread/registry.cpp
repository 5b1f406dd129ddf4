#include "thread/registry.h"

#include "sched/records.h"

namespace lt {

constinit SpinLock life_lock;
constinit Census census;

namespace {

// Ids rise, so consecutive threads fall into consecutive buckets; chains stay short up to a few
// hundred thousand live threads.
constexpr std::uint32_t kBuckets = 1U << 16;
constinit Thread* buckets[kBuckets] LT_GUARDED_BY(life_lock) = {};
constinit Thread* first_zombie LT_GUARDED_BY(life_lock) = nullptr;
constinit Thread* last_zombie LT_GUARDED_BY(life_lock) = nullptr;

Thread*& bucket_of(std::uint32_t id) LT_REQUIRES(life_lock) { return buckets[id % kBuckets]; }

std::uint32_t next_id() LT_REQUIRES(life_lock)
{
    // relaxed: written under the lock; lwpinspect reads it.
    std::uint32_t id = process.last_id.load(memory_order_relaxed);
    do {
        id = id == kMaxThreadId ? 1 : id + 1;
    } while (find_thread(id) != nullptr);
    process.last_id.store(id, memory_order_relaxed);  // relaxed: as above
    return id;
}

}  // namespace

Thread* find_thread(std::uint32_t id) noexcept
{
    Thread* thread = bucket_of(id);
    // relaxed: ids change under the lock.
    while (thread != nullptr && thread->id.load(memory_order_relaxed) != id) {
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
    thread.id.store(id, memory_order_relaxed);          // relaxed: under the lock
    process.threads.fetch_add(1, memory_order_relaxed);  // relaxed: for people and as a hint
    if (!thread.has(kFlagDaemon)) {
        ++census.non_daemons;
        census.foreign += thread.has(kFlagForeign) ? 1U : 0U;
    }
}

void unregister_thread(Thread& thread) noexcept
{
    Thread** link = &bucket_of(thread.id.load(memory_order_relaxed));  // relaxed: under the lock
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
                gone->id.store(0, memory_order_relaxed);                    // relaxed: nobody else is here
                gone->state.store(ThreadState::kFree, memory_order_relaxed);  // relaxed: as above
            }
        }
        bucket = nullptr;
    }
    self.hash_next = nullptr;
    bucket_of(self.id.load(memory_order_relaxed)) = &self;  // relaxed: as above
    first_zombie = last_zombie = nullptr;
    self.joiners = 0;
    census = Census{};
    census.non_daemons = 1;
    census.foreign = self.has(kFlagForeign) ? 1U : 0U;
    process.threads.store(1, memory_order_relaxed);  // relaxed: as above
}

void free_thread(Thread& thread) noexcept
{
    unregister_thread(thread);
    thread.flags.store(0, memory_order_relaxed);                    // relaxed: under the lock
    thread.state.store(ThreadState::kFree, memory_order_relaxed);   // relaxed: as above
    thread.signals_pending.store(0, memory_order_relaxed);          // relaxed: as above
    thread.attention.store(0, memory_order_relaxed);                // relaxed: as above
    thread.cancel_requested.store(0, memory_order_relaxed);         // relaxed: as above
    thread.wait_kind = WaitKind::kNone;
    thread.name[0] = '\0';
    thread_records.release(&thread);
}

}  // namespace lt
