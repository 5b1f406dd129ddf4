#include "sync/holds.h"

#include "os/slab.h"

namespace lt {
namespace {

constexpr std::uint32_t kHoldsPerChunk = 7;

struct HoldChunk {
    HoldChunk* next = nullptr;  // of the same thread; of the pool while free
    std::uint32_t owner = 0;    // id of the thread that wrote it; first chunk of a thread only
    Hold holds[kHoldsPerChunk];
};

constinit lwpt_slab slab_table[LWPT_MAX_SLABS] = {};
constinit std::uint32_t slab_count = 0;
constinit os::SlabPool<HoldChunk, 256> chunks{slab_table, &slab_count};

HoldChunk* first_chunk(Thread& self)
{
    auto* chunk = static_cast<HoldChunk*>(self.holds);
    const std::uint32_t id = self.number();
    if (chunk != nullptr && chunk->owner != id) {
        chunk->owner = id;
        for (HoldChunk* old = chunk; old != nullptr; old = old->next) {
            for (Hold& hold : old->holds) {
                hold = {};
            }
        }
    }
    return chunk;
}

Hold* find(Thread& self, const void* object)
{
    for (HoldChunk* chunk = first_chunk(self); chunk != nullptr; chunk = chunk->next) {
        for (Hold& hold : chunk->holds) {
            if (hold.object == object) {
                return &hold;
            }
        }
    }
    return nullptr;
}

}  // namespace

void lock_holds() noexcept
{
    chunks.lock();
}
void unlock_holds() noexcept
{
    chunks.unlock();
}

Hold* find_hold(Thread& self, const void* object) noexcept
{
    return find(self, object);
}

Hold* free_hold(Thread& self) noexcept
{
    if (Hold* hold = find(self, nullptr)) {
        return hold;
    }
    HoldChunk* chunk = chunks.allocate();
    if (chunk == nullptr) {
        return nullptr;
    }
    chunk->owner = self.number();
    chunk->next = static_cast<HoldChunk*>(self.holds);
    self.holds = chunk;
    return &chunk->holds[0];
}

void for_each_hold(Thread& self, VisitHold visit, void* argument) noexcept
{
    for (HoldChunk* chunk = first_chunk(self); chunk != nullptr; chunk = chunk->next) {
        for (Hold& hold : chunk->holds) {
            if (hold.object != nullptr) {
                visit(hold, argument);
            }
        }
    }
}

}  // namespace lt
