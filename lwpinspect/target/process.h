// A live process as /proc shows it: status, tasks, maps. Knows nothing of thread libraries.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "support/unique_fd.h"
#include "target/memory.h"

namespace lwpi {

// /proc/PID/stat or /proc/PID/task/TID/stat.
struct TaskStat {
    std::string name;
    char state = '?';
    int parent = 0;
    std::uint64_t kernel_flags = 0;
    std::uint64_t user_ticks = 0;
    std::uint64_t system_ticks = 0;
    std::uint64_t start_ticks = 0;  // since boot
    std::uint64_t stack_start = 0;  // changes with exec; 0 without permission
    int cpu = 0;
};

// /proc/PID/status or /proc/PID/task/TID/status.
struct TaskStatus {
    int group = 0;   // the process
    int tracer = 0;  // 0: none
    int inner = 0;   // its number in its own process-id namespace
    std::uint32_t uid = 0;
    std::optional<std::uint64_t> voluntary_switches;
    std::optional<std::uint64_t> involuntary_switches;
};

// /proc/PID/task/TID/syscall.
struct SyscallLine {
    enum class Kind : std::uint8_t { kRunning, kInCall, kBlockedElsewhere, kDenied, kGone } kind;
    std::int64_t number = -1;
    std::array<std::uint64_t, 6> arguments{};
    Address sp = 0;
    Address pc = 0;
    bool operator==(const SyscallLine&) const = default;
};

struct Mapping {
    Address start = 0;
    Address end = 0;
    bool readable = false;
    bool writable = false;
    bool executable = false;
    std::uint64_t offset = 0;
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::string path;  // as the kernel shows it, without " (deleted)"
};

[[nodiscard]] std::optional<TaskStat> parse_stat(std::string_view text);
[[nodiscard]] TaskStatus parse_status(std::string_view text);
[[nodiscard]] SyscallLine parse_syscall(std::string_view text);
[[nodiscard]] std::vector<Mapping> parse_maps(std::string_view text);

// A file below some directory, at most `limit` bytes of it; `error` is an errno value, 0 when read.
struct FileText {
    int error = 0;
    std::string text;
};
[[nodiscard]] FileText read_file_at(int directory, const char* path, std::size_t limit);

class Process {
  public:
    // Holds the process by pidfd and by its /proc directory, so that a process that gets the same
    // number later is never taken for this one. Throws TargetError: kNoProcess.
    explicit Process(int pid);

    [[nodiscard]] int pid() const noexcept { return pid_; }
    [[nodiscard]] bool has_ended() const noexcept;

    [[nodiscard]] FileText read_file(const std::string& path, std::size_t limit = 1U << 20U) const;
    [[nodiscard]] std::optional<std::string> read_link(const char* path) const;
    // Opens /proc/PID/`path` for reading; the caller checks what it got.
    [[nodiscard]] UniqueFd open(const std::string& path) const;

    [[nodiscard]] std::vector<int> tasks() const;  // ascending
    // Numbers of open descriptors, ascending; the first `most` that the kernel names.
    [[nodiscard]] std::vector<int> descriptors(std::size_t most) const;
    [[nodiscard]] std::optional<TaskStat> stat() const;
    [[nodiscard]] TaskStatus status() const;
    [[nodiscard]] std::optional<TaskStat> task_stat(int tid) const;
    [[nodiscard]] std::optional<TaskStatus> task_status(int tid) const;
    [[nodiscard]] SyscallLine task_syscall(int tid) const;
    [[nodiscard]] std::optional<std::int64_t> task_run_delay_ns(int tid) const;
    [[nodiscard]] std::string command_line() const;
    // The memory map, through a task that still lives; empty: none has memory. The errno value when
    // it may not be read.
    [[nodiscard]] FileText maps() const;

  private:
    int pid_;
    UniqueFd directory_;
    UniqueFd pidfd_;
};

// How often a task has been given a processor. Its file stays open, so asking again is quick.
class RunCounter {
  public:
    RunCounter(const Process& process, int tid);
    // nullopt: it has ended, or this kernel does not count.
    [[nodiscard]] std::optional<std::uint64_t> read() const;

  private:
    UniqueFd file_;
};

}  // namespace lwpi
