// What threads have in common by being alive, its lock, and how many there are.
//
// The life lock guards the id table, the zombies, `joiners` and kFlagDetached of every thread, and
// the counts of threads and joiners. It comes in shards, so that LWPs that create, end and join
// threads do not meet: an LWP takes ids by the block, and a block belongs to one shard. Who is
// concerned with one thread takes the shard of its id; who looks at all of them, or changes what
// they have in common, takes all shards in order. So what is changed under all may be read under
// any; nobody takes a second shard otherwise. Ranks above sleep queues and run queues; taken in a
// critical region. To the analysis of locks the shard of the thread concerned counts as the lock.
#pragma once

#include <cstdint>

#include "os/spinlock.h"
#include "sched/thread.h"

namespace lt {

// All shards.
class LT_CAPABILITY("life lock") LifeLock {
  public:
    void lock() noexcept LT_ACQUIRE();
    void unlock() noexcept LT_RELEASE();
};
extern LifeLock life_lock;

inline constexpr std::uint32_t kLifeShards = kThreadParts;
inline constexpr std::uint32_t kIdBlock = 64;

// Sets of threads of which it matters whether there is any: those that are no daemons, and those
// that are counted with the same signal mask (thread/mask_census.h).
using CensusSet = std::uint8_t;
inline constexpr CensusSet kNonDaemons = 0;
inline constexpr CensusSet kFirstMaskSet = 1;
inline constexpr std::uint8_t kMaskSets = 17;
inline constexpr std::uint8_t kCensusSets = kFirstMaskSet + kMaskSets;

struct alignas(kCacheLine) LifeShard {
    SpinLock lock;
    std::uint32_t foreign = 0;  // non-daemons made by pthread_create
    // Non-daemons asleep in thr_join, for a thread of this shard: until they have woken, or what
    // they wait for was joined for them. Of those who wait for any thread: the first shard's.
    std::uint32_t blocked_joiners = 0;
    std::uint32_t ending = 0;  // left the non-daemons, not buried yet; without foreign ones
    Thread* first_zombie = nullptr;
    Thread* last_zombie = nullptr;
    // How many of the shard's threads are in each set, adopted ones included. Changed under the
    // lock; an ending thread looks without it.
    Atomic<std::uint32_t> present[kCensusSets]{};
};
extern LifeShard life_shards[kLifeShards];

// Changed under all shards.
struct alignas(kCacheLine) Census {
    std::uint32_t any_joiners = 0;  // asleep in thr_join(0, ...)
    std::uint32_t deadlocks = 0;    // times that only joiners were left: ends the sleep of all
    std::uint32_t reaped = 0;       // the shard where a join of any thread has found the last one
    // Of each set a shard where it is not empty; nullptr: it is empty everywhere. While that shard
    // keeps some, threads enter and leave the set elsewhere without a look at the others. An ending
    // thread looks without a lock.
    Atomic<const LifeShard*> anchors[kCensusSets]{};
};
extern Census census;

inline std::uint32_t life_shard_index(std::uint32_t id)
{
    return id / kIdBlock % kLifeShards;
}

inline LifeShard& life_shard_of(std::uint32_t id)
{
    return life_shards[life_shard_index(id)];
}

// Holds the shard of an id, or all.
class LT_SCOPED_CAPABILITY LifeGuard {
  public:
    LifeGuard() noexcept LT_ACQUIRE(life_lock) { lock(); }
    explicit LifeGuard(std::uint32_t id) noexcept LT_ACQUIRE(life_lock)
        : LifeGuard{life_shard_of(id)}
    {
    }
    explicit LifeGuard(LifeShard& shard) noexcept LT_ACQUIRE(life_lock) : shard_{&shard} { lock(); }
    ~LifeGuard() LT_RELEASE() { unlock(); }
    LifeGuard(const LifeGuard&) = delete;
    LifeGuard& operator=(const LifeGuard&) = delete;

  private:
    void lock() LT_NO_TSA { shard_ != nullptr ? shard_->lock.lock() : life_lock.lock(); }
    void unlock() LT_NO_TSA { shard_ != nullptr ? shard_->lock.unlock() : life_lock.unlock(); }

    LifeShard* shard_ = nullptr;  // nullptr: all
};

inline bool is_empty(CensusSet set) LT_REQUIRES(life_lock)
{
    return census.anchors[set].load(memory_order_relaxed) == nullptr;  // relaxed: locked
}

// Whether a thread of the shard, where so many are present, can leave the set under that shard
// alone: the set will not be empty, and keeps its anchor. It can enter a set that is not empty.
inline bool can_leave(const LifeShard& shard, CensusSet set, std::uint32_t present)
    LT_REQUIRES(life_lock)
{
    // relaxed: locked.
    return present > 1 || census.anchors[set].load(memory_order_relaxed) != &shard;
}
inline bool can_leave(const LifeShard& shard, CensusSet set) LT_REQUIRES(life_lock)
{
    // relaxed: locked.
    return can_leave(shard, set, shard.present[set].load(memory_order_relaxed));
}

// If it can, or under all. True: it is the first, or was the last.
inline bool enter_set(LifeShard& shard, CensusSet set) LT_REQUIRES(life_lock)
{
    Atomic<std::uint32_t>& present = shard.present[set];
    // relaxed, all: locked.
    present.store(present.load(memory_order_relaxed) + 1, memory_order_relaxed);
    if (LT_LIKELY(!is_empty(set))) {
        return false;
    }
    census.anchors[set].store(&shard, memory_order_relaxed);  // relaxed: as above
    return true;
}
LT_NOINLINE bool find_anchor(CensusSet set) noexcept LT_REQUIRES(life_lock);  // false: none
inline bool leave_set(LifeShard& shard, CensusSet set) LT_REQUIRES(life_lock)
{
    Atomic<std::uint32_t>& present = shard.present[set];
    // relaxed, all: locked.
    const std::uint32_t left = present.load(memory_order_relaxed) - 1;
    present.store(left, memory_order_relaxed);
    // relaxed: as above.
    return LT_UNLIKELY(left == 0 && census.anchors[set].load(memory_order_relaxed) == &shard) &&
           !find_anchor(set);
}

// Non-daemons that are asleep in thr_join, and those that could still end joinable, or create
// threads that do: not those made by pthread_create. All shards.
struct Joinables {
    std::uint32_t threads = 0;
    std::uint32_t blocked = 0;
};
Joinables count_joinables() noexcept LT_REQUIRES(life_lock);

// Whether no other thread keeps the process alive. In no lock. Of two last ones that end at the
// same time neither may be told; the second finds out when it leaves the census.
bool is_alone(Thread& self) noexcept LT_EXCLUDES(life_lock);
inline bool is_last_non_daemon(Thread& self) LT_NO_TSA
{
    // relaxed, inside: if no other is left, nobody can change what is looked at.
    return !self.has(kFlagDaemon) &&
           LT_UNLIKELY(!can_leave(life_shard_of(self.number()), kNonDaemons)) && is_alone(self);
}

void forget_census() noexcept;  // in the child of fork, under all shards

}  // namespace lt
