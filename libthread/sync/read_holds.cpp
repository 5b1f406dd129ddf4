#include "sync/read_holds.h"

#include "os/slab.h"

namespace lt {
namespace {

constexpr std::uint32_t kHoldsPerChunk = 7;

struct HoldChunk {
    HoldChunk* next = nullptr;  // of the same thread; of the pool while free
    std::uint32_t owner = 0;    // id of the thread that wrote it; first chunk of a thread only
    ReadHold holds[kHoldsPerChunk];
};

constinit lwpt_slab slab_table[LWPT_MAX_SLABS] = {};
constinit std::uint32_t slab_count = 0;
constinit os::SlabPool<HoldChunk, 256> chunks{slab_table, &slab_count};

HoldChunk* first_chunk(Thread& self)
{
    auto* chunk = static_cast<HoldChunk*>(self.read_holds);
    const std::uint32_t id = self.number();
    if (chunk != nullptr && chunk->owner != id) {
        chunk->owner = id;
        for (HoldChunk* old = chunk; old != nullptr; old = old->next) {
            for (ReadHold& hold : old->holds) {
                hold = {};
            }
        }
    }
    return chunk;
}

ReadHold* find(Thread& self, const void* lock)
{
    for (HoldChunk* chunk = first_chunk(self); chunk != nullptr; chunk = chunk->next) {
        for (ReadHold& hold : chunk->holds) {
            if (hold.lock == lock) {
                return &hold;
            }
        }
    }
    return nullptr;
}

}  // namespace

void lock_read_holds() noexcept
{
    chunks.lock();
}
void unlock_read_holds() noexcept
{
    chunks.unlock();
}

ReadHold* find_read_hold(Thread& self, const void* lock) noexcept
{
    return find(self, lock);
}

ReadHold* free_read_hold(Thread& self) noexcept
{
    if (ReadHold* hold = find(self, nullptr)) {
        return hold;
    }
    HoldChunk* chunk = chunks.allocate();
    if (chunk == nullptr) {
        return nullptr;
    }
    chunk->owner = self.number();
    chunk->next = static_cast<HoldChunk*>(self.read_holds);
    self.read_holds = chunk;
    return &chunk->holds[0];
}

}  // namespace lt
