#include "os/stack_map.h"

#include <sys/mman.h>

#include <bit>
#include <cerrno>
#include <new>

#include "base/atomic.h"
#include "base/check.h"
#include "base/compiler.h"
#include "os/spinlock.h"
#include "os/syscall.h"

namespace lt::os {
namespace {

constexpr std::uint32_t kClasses = 32;  // 16 KiB to 32 TiB
// From here on a stack has a map of its own: there will not be many.
constexpr std::size_t kLargestShared = kDefaultStackSize;
constexpr std::uint32_t kFirstArenaSlots = 32;
constexpr std::size_t kLargestArena = std::size_t{32} << 30;
constexpr int kMadvGuardInstall = 102;  // Linux 6.13; newer than the headers we build with
constexpr std::size_t kSlabBytes = std::size_t{64} << 10;
constexpr std::size_t kSleepersFrames = 1536;
// Of these, what a switch away and back touches.
constexpr std::size_t kHotFrames = 768;

struct SizeClass {
    SpinLock lock;  // guards the rest; leaf, but for the slab lock
    StackSlot* free LT_GUARDED_BY(lock) = nullptr;
    StackSlot* unguarded LT_GUARDED_BY(lock) = nullptr;  // the kernel refused a guard; last resort
    // The unused part of the newest arena.
    std::uintptr_t fresh LT_GUARDED_BY(lock) = 0;
    std::uint32_t fresh_slots LT_GUARDED_BY(lock) = 0;
    std::uint32_t arena_slots LT_GUARDED_BY(lock) = kFirstArenaSlots;  // of the next arena
    std::uint32_t guard_bytes LT_GUARDED_BY(lock) = 0;                 // of the newest arena
    std::uint32_t made LT_GUARDED_BY(lock) = 0;
};

constinit SizeClass classes[kClasses];

constinit SpinLock slab_lock;  // guards the two below; leaf
constinit StackSlot* slab_fresh LT_GUARDED_BY(slab_lock) = nullptr;
constinit StackSlot* slab_end LT_GUARDED_BY(slab_lock) = nullptr;

// Written at start-up, before there is a slot.
constinit std::size_t reserve_bytes = kPageSize;
constinit std::size_t first_colour = 0;
constinit std::size_t colours = 1;
constinit Atomic<std::size_t> guard_size{kPageSize};

// What the kernel can do for guards. Written by whoever finds out first, always with the same
// answer.
enum class GuardMeans : std::uint8_t { kUnknown, kMadvise, kMprotect };
constinit Atomic<GuardMeans> guard_means{GuardMeans::kUnknown};

std::uintptr_t map_pages(std::size_t bytes, int extra_flags) noexcept
{
    const long mapped = raw_syscall(SYS_mmap, 0, static_cast<long>(bytes), PROT_READ | PROT_WRITE,
                                    MAP_PRIVATE | MAP_ANONYMOUS | extra_flags, -1, 0);
    return mapped < 0 && mapped > -4096 ? 0 : static_cast<std::uintptr_t>(mapped);
}

StackSlot* new_descriptor() noexcept
{
    const SpinGuard guard{slab_lock};
    if (slab_fresh == slab_end) {
        const std::uintptr_t slab = map_pages(kSlabBytes, 0);
        if (slab == 0) {
            return nullptr;
        }
        slab_fresh = reinterpret_cast<StackSlot*>(slab);
        slab_end = slab_fresh + kSlabBytes / sizeof(StackSlot);
    }
    return new (slab_fresh++) StackSlot{};
}

std::size_t slot_bytes(std::uint32_t size_class, std::size_t guard_bytes) noexcept
{
    const std::size_t top = reserve_bytes + first_colour + colours * kCacheLine;
    // An odd number of pages: else equal pages of all slots meet in a part of the TLB's sets.
    return round_up(guard_bytes + stack_class_size(size_class) + top, kPageSize) | kPageSize;
}

// Makes an arena of as many slots as the class deserves by now, or fewer if the system has no room.
bool add_arena(SizeClass& self, std::uint32_t size_class) noexcept LT_REQUIRES(self.lock)
{
    // relaxed: a setting; nothing else is published with it.
    const std::size_t guard_bytes = guard_size.load(memory_order_relaxed);
    const std::size_t bytes = slot_bytes(size_class, guard_bytes);
    std::uint32_t count = stack_class_size(size_class) > kLargestShared ? 1 : self.arena_slots;
    for (; count > 0; count /= 2) {
        const std::uintptr_t arena = map_pages(bytes * count, MAP_NORESERVE | MAP_STACK);
        if (arena == 0) {
            continue;
        }
        // A huge page under the top of every stack would undo the point of stacks on demand.
        raw_syscall(SYS_madvise, static_cast<long>(arena), static_cast<long>(bytes * count),
                    MADV_NOHUGEPAGE);
        self.fresh = arena;
        self.fresh_slots = count;
        self.guard_bytes = static_cast<std::uint32_t>(guard_bytes);
        if (bytes * count * 2 <= kLargestArena) {
            self.arena_slots = count * 2;
        }
        return true;
    }
    return false;
}

// Cuts the next slot off the newest arena.
StackSlot* carve(SizeClass& self, std::uint32_t size_class) noexcept LT_REQUIRES(self.lock)
{
    if (self.fresh_slots == 0 && !add_arena(self, size_class)) {
        return nullptr;
    }
    StackSlot* slot = new_descriptor();
    if (slot == nullptr) {
        return nullptr;
    }
    const std::size_t bytes = slot_bytes(size_class, self.guard_bytes);
    slot->lo = self.fresh + self.guard_bytes;
    slot->hi = self.fresh + bytes;
    slot->size_class = size_class;
    slot->guard_bytes = self.guard_bytes;
    slot->colour = static_cast<std::uint32_t>(first_colour + self.made % colours * kCacheLine);
    slot->stack_hi = slot->hi - slot->colour;
    self.fresh += bytes;
    --self.fresh_slots;
    ++self.made;
    return slot;
}

// True if the guard is in place. A guard by madvise costs no map; one by mprotect costs two, and
// the kernel's limit on maps (65,530 by default) is met at about 30,000 stacks.
bool install_guard(const StackSlot& slot) noexcept
{
    if (slot.guard_bytes == 0) {
        return true;
    }
    const auto base = static_cast<long>(slot.lo - slot.guard_bytes);
    const auto bytes = static_cast<long>(slot.guard_bytes);
    // relaxed: only the value itself matters.
    const GuardMeans means = guard_means.load(memory_order_relaxed);
    if (means != GuardMeans::kMprotect) {
        const long result = raw_syscall(SYS_madvise, base, bytes, kMadvGuardInstall);
        if (result == 0) {
            // relaxed: as above.
            guard_means.store(GuardMeans::kMadvise, memory_order_relaxed);
            return true;
        }
        if (means == GuardMeans::kUnknown && result == -EINVAL) {
            // relaxed: as above. This kernel does not know the request.
            guard_means.store(GuardMeans::kMprotect, memory_order_relaxed);
        }
    }
    return raw_syscall(SYS_mprotect, base, bytes, PROT_NONE) == 0;
}

}  // namespace

void stack_slot_reserve(std::size_t bytes, std::size_t above_tcb) noexcept
{
    reserve_bytes = bytes;
    // A switch touches the TCB's first line, TLS right below it, and frames below all TLS: on one
    // page, if they fit, the TCB's line being the page's last in the first colour.
    const std::size_t above_line = above_tcb - kCacheLine;
    const std::size_t hot = bytes - above_line + kHotFrames;
    const bool fits = hot <= kPageSize;
    first_colour = fits ? round_up(above_line, kPageSize) - above_line : 0;
    // As many as need no page more for a thread that sleeps, and leave the hot part on its own.
    const std::size_t used = first_colour + bytes + kSleepersFrames;
    const std::size_t spare = round_up(used, kPageSize) - used;
    const std::size_t slack = fits ? kPageSize - hot : spare;
    colours = std::bit_floor(((spare < slack ? spare : slack) / kCacheLine) | 1);
}

void stack_guard_size(std::size_t bytes) noexcept
{
    // relaxed: a setting; nothing else is published with it.
    guard_size.store(round_up(bytes, kPageSize), memory_order_relaxed);
}

std::size_t stack_class_size(std::uint32_t size_class) noexcept
{
    return kSmallestStack << size_class;
}

StackSlot* stack_slot_allocate(std::size_t usable, Error& error) noexcept
{
    const std::uint32_t size_class = stack_size_class(usable);
    if (size_class >= kClasses) {
        error = Error::kNoMemory;
        return nullptr;
    }
    SizeClass& self = classes[size_class];
    StackSlot* slot = nullptr;
    {
        const SpinGuard guard{self.lock};
        StackSlot*& list = self.free != nullptr ? self.free : self.unguarded;
        slot = list;
        if (slot != nullptr) {
            list = slot->next;
        } else {
            slot = carve(self, size_class);
        }
    }
    if (slot == nullptr) {
        error = Error::kNoMemory;
        return nullptr;
    }
    slot->next = nullptr;
    // Outside the lock: a system call.
    if (!slot->guarded && !install_guard(*slot)) {
        stack_slot_free(slot);
        error = Error::kLimit;
        return nullptr;
    }
    slot->guarded = true;
    error = Error::kNone;
    return slot;
}

void stack_slot_free(StackSlot* slot) noexcept
{
    LT_CHECK(slot->tcb == nullptr, "a stack was freed with its TCB");
    SizeClass& self = classes[slot->size_class];
    const SpinGuard guard{self.lock};
    StackSlot*& list = slot->guarded ? self.free : self.unguarded;
    slot->next = list;
    list = slot;
}

void stack_slot_empty(StackSlot* slot) noexcept
{
    LT_CHECK(slot->tcb == nullptr && slot->linked_tcb == nullptr, "a TCB lies on the stack");
    raw_syscall(SYS_madvise, static_cast<long>(slot->lo), static_cast<long>(slot->hi - slot->lo),
                MADV_DONTNEED);
}

void stack_map_before_fork() noexcept LT_NO_TSA
{
    for (SizeClass& size_class : classes) {
        size_class.lock.lock();
    }
    slab_lock.lock();
}

void stack_map_after_fork() noexcept LT_NO_TSA
{
    slab_lock.unlock();
    for (SizeClass& size_class : classes) {
        size_class.lock.unlock();
    }
}

}  // namespace lt::os
