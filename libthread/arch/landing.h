// Redirects a jump buffer that libc has filled.
#pragma once

#include <cstddef>
#include <cstdint>

extern "C" void arch_landing() noexcept;
extern "C" void (*arch_landing_target)();

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

// The stack pointer that longjmp to `buffer` will load.
inline std::uintptr_t jump_stack(const void* buffer) noexcept
{
    constexpr std::size_t kStackPointer = 6;
    const std::uintptr_t word = static_cast<const std::uintptr_t*>(buffer)[kStackPointer];
    return ((word >> kJumpRotation) | (word << (64 - kJumpRotation))) ^ jump_guard();
}

// longjmp to `buffer` will call target() on the frame that the buffer remembers; its own
// destination is lost. One target for all buffers. `target` must not return.
inline void redirect_landing(void* buffer, void (*target)()) noexcept
{
    constexpr std::size_t kProgramCounter = 7;
    arch_landing_target = target;
    const std::uintptr_t plain = reinterpret_cast<std::uintptr_t>(&arch_landing) ^ jump_guard();
    static_cast<std::uintptr_t*>(buffer)[kProgramCounter] =
        (plain << kJumpRotation) | (plain >> (64 - kJumpRotation));
}

}  // namespace lt::arch
