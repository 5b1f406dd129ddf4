// rt_sigaction(2) as the kernel has it: for glibc's two signals, which sigaction(3) refuses.
#pragma once

#include <csignal>
#include <cstdint>

#include "os/syscall.h"

namespace lt::os {

struct KernelAction {
    void (*handler)(int, siginfo_t*, void*);
    unsigned long flags;
    void (*restorer)();
    std::uint64_t mask;
};

// False: the kernel refuses.
inline bool get_kernel_action(int signal, KernelAction& action) noexcept
{
    return raw_syscall(SYS_rt_sigaction, signal, 0, syscall_argument(&action),
                       sizeof(action.mask)) == 0;
}

inline bool set_kernel_action(int signal, const KernelAction& action) noexcept
{
    return raw_syscall(SYS_rt_sigaction, signal, syscall_argument(&action), 0,
                       sizeof(action.mask)) == 0;
}

}  // namespace lt::os
