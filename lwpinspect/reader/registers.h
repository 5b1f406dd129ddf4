// What a kernel task's registers tell.
#pragma once

#include <sys/user.h>

#include <optional>

#include "model/snapshot.h"
#include "unwind/unwinder.h"

namespace lwpi {

[[nodiscard]] Registers registers_of(const user_regs_struct& registers);

// The system call that a stopped or ended task was asleep in: the number is kept while it is in the
// kernel, and the result is one of those by which the stop ends the sleep for a moment.
[[nodiscard]] std::optional<Syscall> syscall_in(const user_regs_struct& registers);

[[nodiscard]] std::string syscall_name(std::int64_t number);

}  // namespace lwpi
