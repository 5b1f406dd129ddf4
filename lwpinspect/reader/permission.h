// Why a process may not be read, in a sentence with the cure.
#pragma once

#include "model/snapshot.h"
#include "target/process.h"

namespace lwpi {

// To be asked after the kernel has refused.
[[nodiscard]] Note explain_refusal(const Process& process);

// What decides the answer, apart from the process: for tests.
struct PermissionFacts {
    int pid = 0;
    std::uint32_t target_uid = 0;
    std::uint32_t our_uid = 0;
    bool files_are_roots = false;  // /proc/PID belongs to root
    bool can_ptrace = false;       // CAP_SYS_PTRACE among our effective capabilities
    std::uint64_t capabilities = 0;
    std::optional<int> yama;  // kernel.yama.ptrace_scope
};
[[nodiscard]] Note explain(const PermissionFacts& facts);

// "user1 (1000)", or "1000" when it has no name.
[[nodiscard]] std::string user_name(std::uint32_t uid);

}  // namespace lwpi
