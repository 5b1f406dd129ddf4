// Where jump buffers of libc lead.
#pragma once

#include <cstddef>
#include <cstdint>

extern "C" void arch_landing() noexcept;
extern "C" void arch_passage() noexcept;
// Called there; for the layers above to define. The second returns the place to go on at.
extern "C" [[noreturn]] void arch_landed() noexcept;
extern "C" std::uintptr_t arch_passed() noexcept;

namespace lt::arch {

// glibc's x86-64 jump buffer: the stack pointer is word 6, the program counter word 7, both xored
// with the pointer guard of the thread control block (fs:0x30) and rotated left by 17.
inline constexpr int kJumpRotation = 17;

inline std::uintptr_t jump_guard() noexcept
{
    std::uintptr_t guard = 0;
    asm("movq %%fs:0x30, %0" : "=r"(guard));
    return guard;
}

inline constexpr std::size_t kJumpStackPointer = 6;
inline constexpr std::size_t kJumpProgramCounter = 7;

inline std::uintptr_t jump_word(const void* buffer, std::size_t index) noexcept
{
    const std::uintptr_t word = static_cast<const std::uintptr_t*>(buffer)[index];
    return ((word >> kJumpRotation) | (word << (64 - kJumpRotation))) ^ jump_guard();
}

inline void set_jump_word(void* buffer, std::size_t index, std::uintptr_t value) noexcept
{
    const std::uintptr_t plain = value ^ jump_guard();
    static_cast<std::uintptr_t*>(buffer)[index] =
        (plain << kJumpRotation) | (plain >> (64 - kJumpRotation));
}

// The stack pointer that longjmp to `buffer` will load.
inline std::uintptr_t jump_stack(const void* buffer) noexcept
{
    return jump_word(buffer, kJumpStackPointer);
}

// Where longjmp to `buffer` will go on.
inline std::uintptr_t jump_destination(const void* buffer) noexcept
{
    return jump_word(buffer, kJumpProgramCounter);
}

// longjmp to `buffer` will call arch_landed() on the frame that the buffer remembers; its own
// destination is lost.
inline void redirect_landing(void* buffer) noexcept
{
    set_jump_word(buffer, kJumpProgramCounter, reinterpret_cast<std::uintptr_t>(&arch_landing));
}

// longjmp(buffer, 1) will call arch_passed() first. Returns the buffer's own destination.
inline std::uintptr_t redirect_by_passage(void* buffer) noexcept
{
    const std::uintptr_t destination = jump_destination(buffer);
    set_jump_word(buffer, kJumpProgramCounter, reinterpret_cast<std::uintptr_t>(&arch_passage));
    return destination;
}

// redirect_landing() of one that libc has not filled, with what lies below `stack`.
inline void make_landing(void* buffer, const void* stack) noexcept
{
    set_jump_word(buffer, kJumpStackPointer, reinterpret_cast<std::uintptr_t>(stack));
    redirect_landing(buffer);
}

}  // namespace lt::arch
