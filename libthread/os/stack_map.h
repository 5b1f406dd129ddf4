// Memory for stacks: slots carved from large maps, each with a guard below.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include "base/error.h"

namespace lt::os {

// One slot: [guard | lo ... stack ... stack_hi | TLS and TCB | colour | hi]. The struct itself lies
// apart, in type-stable memory, so that reading it never touches the slot. Slots keep their place
// and size for ever; slots of one class are interchangeable.
struct StackSlot {
    StackSlot* next = nullptr;  // in a free list or a cache; its owner's
    std::uintptr_t lo = 0;      // lowest usable byte, above the guard
    std::uintptr_t hi = 0;      // one past the highest byte of the slot
    std::uint32_t size_class = 0;
    std::uint32_t colour = 0;  // bytes to keep free at the top, so that slots differ in cache sets
    void* tcb = nullptr;       // what os/tcb made here; nullptr: nothing yet
    std::uintptr_t stack_hi = 0;  // where a thread's stack may start, below TLS and TCB
    void* linked_tcb = nullptr;  // a TCB at the top that glibc's thread list leads through for ever
    std::uint32_t guard_bytes = 0;
    bool guarded = false;  // the guard has been put in place
};

// Bytes that each slot has above what was asked for, for TLS and TCB, and besides for colours; of
// these, `above_tcb` from the TCB's first byte on. Call before the first slot is made.
void stack_slot_reserve(std::size_t bytes, std::size_t above_tcb) noexcept;

// Size of the guard below slots of arenas made from now on. Rounded up to pages.
void stack_guard_size(std::size_t bytes) noexcept;

// A slot with room for a stack of `usable` bytes below TLS and TCB. Thread-safe; not
// async-signal-safe; may call mmap, never malloc. nullptr and `error` kNoMemory or kLimit (the
// kernel's limit on maps).
StackSlot* stack_slot_allocate(std::size_t usable, Error& error) noexcept;

// Back to the map, which keeps address range and memory for the next request of its class.
void stack_slot_free(StackSlot* slot) noexcept;

// Gives all its memory back to the system. No TCB may be there, nor in glibc's list.
void stack_slot_empty(StackSlot* slot) noexcept;

inline constexpr std::size_t kSmallestStack = std::size_t{16} << 10;

// The size class that a request of `usable` bytes falls into: slots of one class are
// interchangeable.
constexpr std::uint32_t stack_size_class(std::size_t usable) noexcept
{
    return usable <= kSmallestStack
               ? 0
               : static_cast<std::uint32_t>(std::bit_width((usable - 1) / kSmallestStack));
}

// What a thread gets that asks for no size.
inline constexpr std::size_t kDefaultStackSize = std::size_t{2} << 20;
inline constexpr std::uint32_t kDefaultStackClass = stack_size_class(kDefaultStackSize);

// Largest usable size of that class.
std::size_t stack_class_size(std::uint32_t size_class) noexcept;

// Around fork, in parent and child: the locks are held over it.
void stack_map_before_fork() noexcept;
void stack_map_after_fork() noexcept;

}  // namespace lt::os
