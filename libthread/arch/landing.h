// Redirects a jump buffer that libc has filled.
#pragma once

#include <cstddef>
#include <cstdint>

extern "C" void arch_landing() noexcept;
extern "C" void (*arch_landing_target)();

namespace lt::arch {

// longjmp to `buffer` will call target() on the frame that the buffer remembers; its own
// destination is lost. One target for all buffers. `target` must not return.
inline void redirect_landing(void* buffer, void (*target)()) noexcept
{
    // glibc's x86-64 jump buffer: the program counter is word 7, xored with the pointer guard of
    // the thread control block (fs:0x30) and rotated left by 17.
    constexpr std::size_t kProgramCounter = 7;
    constexpr int kRotation = 17;
    arch_landing_target = target;
    std::uintptr_t guard = 0;
    asm("movq %%fs:0x30, %0" : "=r"(guard));
    const std::uintptr_t plain = reinterpret_cast<std::uintptr_t>(&arch_landing) ^ guard;
    static_cast<std::uintptr_t*>(buffer)[kProgramCounter] =
        (plain << kRotation) | (plain >> (64 - kRotation));
}

}  // namespace lt::arch
