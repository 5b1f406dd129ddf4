// What the kernel says of tasks and processes, for locks whose owners may have died.
#pragma once

#include <cstddef>
#include <cstdint>

namespace lt::os {

// Whether no task has that id, in the caller's namespace of ids.
bool is_gone(std::uint32_t task) noexcept;

// Waits until the process has ended, all its tasks included, but no longer than `limit_ns`.
// True: it has. Not for the calling process.
bool await_end(std::int32_t process, std::int64_t limit_ns) noexcept;

// Whether the process's leading task is about to end.
bool is_ending(std::int32_t process) noexcept;

// The signals that wait for the calling task alone, not for its process. 0 without /proc.
std::uint64_t pending_for_task() noexcept;

// A number 1..127 that is likely another in another namespace of process ids; 0: unknown.
std::uint32_t pid_namespace_tag() noexcept;

// Whether the page of `address` is mapped.
bool is_mapped(const void* address) noexcept;

// A task's priority as the kernel has it; 0: not a real-time one.
struct KernelPriority {
    int policy = 0;
    int priority = 0;
};
KernelPriority kernel_priority(std::uint32_t task) noexcept;  // 0: the caller
bool set_kernel_priority(std::uint32_t task, KernelPriority priority) noexcept;

}  // namespace lt::os
