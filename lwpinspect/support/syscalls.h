// Names and signatures of the system calls of x86-64 Linux.
#pragma once

#include <cstdint>
#include <string_view>

namespace lwpi {

struct SyscallForm {
    std::string_view name;       // empty: unknown number
    std::string_view signature;  // see syscalls.def
};

[[nodiscard]] SyscallForm syscall_form(std::int64_t number) noexcept;

}  // namespace lwpi
