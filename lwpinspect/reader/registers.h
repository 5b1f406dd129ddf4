// What registers tell: a kernel task's, and those that the switch saved.
#pragma once

#include <sys/user.h>

#include <cstdint>
#include <optional>

#include "model/snapshot.h"
#include "unwind/unwinder.h"

namespace lwpi {

// Bytes below the stack pointer that a function may use.
constexpr std::uint64_t kRedZone = 128;

// Bytes of a stack that are copied at most.
constexpr std::uint64_t kLargestStackCopy = 4U << 20U;

[[nodiscard]] Registers registers_of(const user_regs_struct& registers);

// LWPT_REGS_X86_64_SYSV_STACK7: what lies on the stack of a parked thread, from its saved stack
// pointer upwards; it goes on with a stack pointer above them.
struct SavedRegisters {
    std::uint64_t r15, r14, r13, r12, rbx, rbp, pc;
};

// The system call that a stopped or ended task was asleep in: the number is kept while it is in the
// kernel, and the result is one of those by which the stop ends the sleep for a moment.
[[nodiscard]] std::optional<Syscall> syscall_in(const user_regs_struct& registers);

[[nodiscard]] std::string syscall_name(std::int64_t number);

}  // namespace lwpi
