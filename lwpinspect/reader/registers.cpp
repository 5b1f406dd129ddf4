#include "reader/registers.h"

#include <fmt/format.h>

#include <cerrno>

#include "support/syscalls.h"

namespace lwpi {

Registers registers_of(const user_regs_struct& r)
{
    return {r.rip, r.rsp, r.rbp, r.rbx, r.r12, r.r13, r.r14, r.r15, r.rdi, r.rdx};
}

std::string syscall_name(std::int64_t number)
{
    const auto name = syscall_form(number).name;
    return name.empty() ? fmt::format("syscall_{}", number) : std::string(name);
}

std::optional<Syscall> syscall_in(const user_regs_struct& registers)
{
    // ERESTARTSYS to ERESTART_RESTARTBLOCK: numbers of the kernel's own.
    constexpr std::int64_t kFirstRestart = -516;
    constexpr std::int64_t kLastRestart = -512;
    const auto number = static_cast<std::int64_t>(registers.orig_rax);
    const auto result = static_cast<std::int64_t>(registers.rax);
    const bool interrupted =
        (result >= kFirstRestart && result <= kLastRestart) || result == -EINTR;
    if (number < 0 || !interrupted) {
        return std::nullopt;
    }
    Syscall call;
    call.number = number;
    call.name = syscall_name(number);
    call.arguments = {registers.rdi, registers.rsi, registers.rdx,
                      registers.r10, registers.r8,  registers.r9};
    call.sp = registers.rsp;
    call.pc = registers.rip;
    return call;
}

}  // namespace lwpi
