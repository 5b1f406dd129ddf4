// Contexts as the C library keeps them: ucontext_t.
#pragma once

#include <ucontext.h>

#include <cstring>

#include "arch/context.h"

namespace lt::arch {

// A context may point into itself.
inline void copy_user_context(ucontext_t& copy, const ucontext_t& original)
{
    std::memcpy(&copy, &original, sizeof(copy));
    const auto* const floating = original.uc_mcontext.fpregs;
    copy.uc_mcontext.fpregs = &copy.__fpregs_mem;
    if (floating != nullptr && floating != &original.__fpregs_mem) {
        std::memcpy(&copy.__fpregs_mem, floating, sizeof(copy.__fpregs_mem));
    }
}

// The registers that a call preserves, and where the caller goes on; 0 for all others.
inline void to_gregset(const SavedRegisters& saved, gregset_t& values)
{
    std::memset(values, 0, sizeof(values));
    values[REG_R15] = static_cast<greg_t>(saved.r15);
    values[REG_R14] = static_cast<greg_t>(saved.r14);
    values[REG_R13] = static_cast<greg_t>(saved.r13);
    values[REG_R12] = static_cast<greg_t>(saved.r12);
    values[REG_RBX] = static_cast<greg_t>(saved.rbx);
    values[REG_RBP] = static_cast<greg_t>(saved.rbp);
    values[REG_RIP] = static_cast<greg_t>(saved.rip);
    values[REG_RSP] = static_cast<greg_t>(saved.rsp);
}

}  // namespace lt::arch
