// Signal masks as the kernel sees them: 64 bits, signal n in bit n - 1.
#pragma once

#include <csignal>
#include <cstdint>
#include <cstring>

#include "os/syscall.h"

namespace lt::os {

constexpr std::uint64_t signal_bit(int signal)
{
    return std::uint64_t{1} << (signal - 1);
}

// Never in a mask: the kernel's own two.
inline constexpr std::uint64_t kUnmaskable = signal_bit(SIGKILL) | signal_bit(SIGSTOP);

// glibc's own: for cancellation, and for set*id calls on every kernel task.
inline constexpr int kCancelSignal = 32;
inline constexpr int kSetIdSignal = 33;

// Left open in every mask.
inline constexpr std::uint64_t kReservedSignals =
    signal_bit(kCancelSignal) | signal_bit(kSetIdSignal);

inline constexpr std::uint64_t kAllSignals = ~(kUnmaskable | kReservedSignals);

// For a thread that is stopped: it is not cancelled either, but follows a change of the process's
// user.
inline constexpr std::uint64_t kStoppedMask = kAllSignals | signal_bit(kCancelSignal);

// Sets the calling task's mask; returns the one before.
inline std::uint64_t set_kernel_mask(std::uint64_t mask) noexcept
{
    std::uint64_t before = 0;
    raw_syscall(SYS_rt_sigprocmask, SIG_SETMASK, syscall_argument(&mask), syscall_argument(&before),
                sizeof(mask));
    return before;
}

inline std::uint64_t kernel_mask() noexcept
{
    std::uint64_t mask = 0;
    raw_syscall(SYS_rt_sigprocmask, SIG_SETMASK, 0, syscall_argument(&mask), sizeof(mask));
    return mask;
}

// The calling task's alternate signal stack; sp 0: none.
inline void set_alternate_stack(std::uintptr_t sp, std::size_t size) noexcept
{
    stack_t stack{};
    stack.ss_sp = reinterpret_cast<void*>(sp);
    stack.ss_size = size;
    stack.ss_flags = sp != 0 ? 0 : SS_DISABLE;
    raw_syscall(SYS_sigaltstack, syscall_argument(&stack), 0);
}

inline std::uint64_t to_mask(const sigset_t& set) noexcept
{
    std::uint64_t mask = 0;
    std::memcpy(&mask, &set, sizeof(mask));
    return mask;
}

inline void from_mask(std::uint64_t mask, sigset_t& set) noexcept
{
    std::memset(&set, 0, sizeof(set));
    std::memcpy(&set, &mask, sizeof(mask));
}

}  // namespace lt::os
