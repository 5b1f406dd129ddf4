// Single instructions that C++ has no words for. One CPU; no operating system.
#pragma once

#include <cstdint>

#if !defined(__x86_64__)
#error "libthread knows x86-64 only; add libthread/arch/<cpu> for another machine"
#endif

namespace lt::arch {

inline void pause()
{
    __builtin_ia32_pause();
}

// The address that thread-local storage of the running context hangs on.
inline void* thread_pointer()
{
    return __builtin_thread_pointer();
}

// Only where the kernel has enabled it (os::can_write_fs_base()).
inline void write_thread_pointer(void* tcb)
{
    asm volatile("wrfsbase %0" : : "r"(tcb) : "memory");
}

// Asks for the cache line of an address, which may be anything.
inline void prefetch(std::uintptr_t address)
{
    __builtin_prefetch(reinterpret_cast<const void*>(address));
}

inline std::uint64_t timestamp()
{
    return __builtin_ia32_rdtsc();
}

// The floating-point control words: rounding, precision and exception masks.
inline std::uint32_t mxcsr()
{
    std::uint32_t value = 0;
    asm volatile("stmxcsr %0" : "=m"(value));
    return value;
}

inline void set_mxcsr(std::uint32_t value)
{
    asm volatile("ldmxcsr %0" : : "m"(value));
}

inline std::uint16_t x87_control()
{
    std::uint16_t value = 0;
    asm volatile("fnstcw %0" : "=m"(value));
    return value;
}

inline void set_x87_control(std::uint16_t value)
{
    asm volatile("fldcw %0" : : "m"(value));
}

}  // namespace lt::arch
