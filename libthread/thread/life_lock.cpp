#include "thread/life_lock.h"

#include "sched/critical.h"
#include "sched/thread.h"

namespace lt {

constinit LifeLock life_lock;
constinit LifeShard life_shards[kLifeShards];
constinit Census census;

void LifeLock::lock() noexcept LT_NO_TSA
{
    for (LifeShard& shard : life_shards) {
        shard.lock.lock();
    }
}

void LifeLock::unlock() noexcept LT_NO_TSA
{
    for (LifeShard& shard : life_shards) {
        shard.lock.unlock();
    }
}

// The shard where the set is largest will not be empty for longest.
bool find_anchor(CensusSet set) noexcept
{
    const LifeShard* found = nullptr;
    std::uint32_t most = 0;
    for (const LifeShard& shard : life_shards) {
        // relaxed: locked.
        const std::uint32_t count = shard.present[set].load(memory_order_relaxed);
        if (count > most) {
            most = count;
            found = &shard;
        }
    }
    census.anchors[set].store(found, memory_order_relaxed);  // relaxed: as above
    return found != nullptr;
}

Joinables count_joinables() noexcept
{
    Joinables sum;
    for (const LifeShard& shard : life_shards) {
        // relaxed: locked.
        sum.threads += shard.present[kNonDaemons].load(memory_order_relaxed);
        sum.threads += shard.ending - shard.foreign;
        sum.blocked += shard.blocked_joiners;
    }
    return sum;
}

bool is_alone(Thread& self) noexcept
{
    const CriticalRegion region{self};
    const LifeGuard guard;
    std::uint32_t alive = 0;
    for (const LifeShard& shard : life_shards) {
        alive += shard.present[kNonDaemons].load(memory_order_relaxed);  // relaxed: locked
    }
    return alive == 1;
}

void forget_census() noexcept
{
    for (LifeShard& shard : life_shards) {
        for (Atomic<std::uint32_t>& present : shard.present) {
            present.store(0, memory_order_relaxed);  // relaxed: nobody else is here
        }
        shard.foreign = shard.blocked_joiners = shard.ending = 0;
        shard.first_zombie = shard.last_zombie = nullptr;
    }
    for (Atomic<const LifeShard*>& anchor : census.anchors) {
        anchor.store(nullptr, memory_order_relaxed);  // relaxed: as above
    }
    census.any_joiners = 0;
}

}  // namespace lt
