// A copy of the process with all its kernel tasks, each of which goes on in the copy where it was.
//
// The kernel copies the calling task alone. So all others are stopped in a signal handler first: at
// an instruction, with their registers on their stacks, and out of every system call. In the copy a
// new task is made for each, which returns from that handler in its stead. Its memory, registers,
// signal mask, alternate stack, thread pointer, robust list, name and scheduling are those of the
// original; its id is not, nor are its pending signals, processor time and timers.
#pragma once

#include <ucontext.h>

#include <cstdint>

namespace lt::os {

struct StopRules {
    // Both are called in a handler on the task. Whether it may stop where it was interrupted:
    bool (*may_stop)(const ucontext_t& interrupted);
    // Signals that its copy raises for itself before it goes on: none is pending there.
    std::uint64_t (*signals_for_copy)();
};

// Whether the kernel tells what is needed; it may be configured not to.
bool can_copy_tasks() noexcept;

// Stops all tasks but the caller; see os/every_task.h, behind whose begin_asking() all of this
// happens, with all signals blocked. False: not all have stopped within `patience_ns`, or one waits
// for another that has; they go on.
[[nodiscard]] bool stop_other_tasks(const StopRules& rules, std::int64_t patience_ns) noexcept;

// In the original: they go on.
void let_tasks_go() noexcept;

// Copies the process while its tasks are stopped: the copy's id, 0 in the copy, or a negative error
// number.
long copy_process() noexcept;

// In the copy: makes the tasks, which wait. False: the kernel gives no more of them.
[[nodiscard]] bool make_tasks() noexcept;
void start_tasks() noexcept;

// In between: the id there of the task that has `id` in the original; 0: there is none.
std::uint32_t id_in_copy(std::uint32_t id) noexcept;

}  // namespace lt::os
