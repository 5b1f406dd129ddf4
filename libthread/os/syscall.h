// System calls that return -errno instead of touching the caller's errno.
#pragma once

#include <sys/syscall.h>

#include <cstdint>

namespace lt::os {

inline long raw_syscall(long number, long a = 0, long b = 0, long c = 0, long d = 0, long e = 0,
                        long f = 0) noexcept
{
    // NOLINTBEGIN: the kernel's calling convention, which C++ has no words for.
    long result = 0;
    register long r10 asm("r10") = d;
    register long r8 asm("r8") = e;
    register long r9 asm("r9") = f;
    asm volatile("syscall"
                 : "=a"(result)
                 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                 : "rcx", "r11", "memory");
    // NOLINTEND
    return result;
}

template <class T>
long syscall_argument(T* pointer)
{
    return reinterpret_cast<long>(pointer);
}

inline std::uint32_t kernel_thread_id() noexcept
{
    return static_cast<std::uint32_t>(raw_syscall(SYS_gettid));
}

inline std::int32_t process_id() noexcept
{
    return static_cast<std::int32_t>(raw_syscall(SYS_getpid));
}

}  // namespace lt::os
