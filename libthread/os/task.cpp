#include "os/task.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <ctime>

#include "base/compiler.h"
#include "base/deadline.h"
#include "os/processors.h"
#include "os/syscall.h"
#include "os/text.h"

namespace lt::os {
namespace {

// "/proc/<process>/stat", in `path`.
void make_stat_path(std::int32_t process, char* path)
{
    char* end = put_text(path, "/proc/");
    end = put_number(end, static_cast<std::uint32_t>(process));
    *put_text(end, "/stat") = '\0';
}

// Field 9 of the line, the task's flags: the seventh after the name, which ends with the last ')'.
std::uint64_t parse_flags(const char* text, std::size_t size)
{
    std::size_t at = size;
    while (at > 0 && text[at - 1] != ')') {
        --at;
    }
    for (int spaces = 0; at < size && spaces < 7; ++at) {
        spaces += text[at] == ' ' ? 1 : 0;
    }
    std::uint64_t flags = 0;
    for (; at < size && text[at] >= '0' && text[at] <= '9'; ++at) {
        flags = flags * 10 + static_cast<std::uint64_t>(text[at] - '0');
    }
    return flags;
}

}  // namespace

bool is_gone(std::uint32_t task) noexcept
{
    return raw_syscall(SYS_tkill, static_cast<long>(task), 0) == -ESRCH;
}

bool await_end(std::int32_t process, std::int64_t limit_ns) noexcept
{
    const long file = raw_syscall(SYS_pidfd_open, process, 0);
    if (file == -ESRCH) {
        return true;
    }
    const std::timespec limit{limit_ns / kNanosPerSecond, limit_ns % kNanosPerSecond};
    if (file < 0) {
        raw_syscall(SYS_nanosleep, syscall_argument(&limit), 0);
        return is_gone(static_cast<std::uint32_t>(process));
    }
    pollfd wait{static_cast<int>(file), POLLIN, 0};
    const long ended =
        raw_syscall(SYS_ppoll, syscall_argument(&wait), 1, syscall_argument(&limit), 0, 8);
    raw_syscall(SYS_close, file);
    return ended == 1;
}

bool is_ending(std::int32_t process) noexcept
{
    constexpr std::uint64_t kExiting = 4;  // PF_EXITING
    char path[32];
    make_stat_path(process, path);
    const long file =
        raw_syscall(SYS_openat, AT_FDCWD, syscall_argument(path), O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return file == -ENOENT;
    }
    char text[512];
    const long size = raw_syscall(SYS_read, file, syscall_argument(text), sizeof(text));
    raw_syscall(SYS_close, file);
    return size <= 0 || (parse_flags(text, static_cast<std::size_t>(size)) & kExiting) != 0;
}

std::uint64_t pending_for_task() noexcept
{
    std::uint64_t pending = 0;
    raw_syscall(SYS_rt_sigpending, syscall_argument(&pending), sizeof(pending));
    char text[4096];
    if (pending == 0 || read_text("/proc/thread-self/status", text, sizeof(text)) <= 0) {
        return 0;
    }
    const char* line = std::strstr(text, "\nSigPnd:");
    return line != nullptr ? std::strtoull(line + std::strlen("\nSigPnd:"), nullptr, 16) : 0;
}

std::uint32_t pid_namespace_tag() noexcept
{
    struct stat facts {};
    const char* path = "/proc/self/ns/pid";
    const long result =
        raw_syscall(SYS_newfstatat, AT_FDCWD, syscall_argument(path), syscall_argument(&facts), 0);
    return result == 0 ? static_cast<std::uint32_t>(facts.st_ino % 127 + 1) : 0;
}

bool is_mapped(const void* address) noexcept
{
    const auto page = reinterpret_cast<std::uintptr_t>(address) & ~(kPageSize - 1);
    unsigned char resident = 0;
    return raw_syscall(SYS_mincore, static_cast<long>(page), kPageSize,
                       syscall_argument(&resident)) == 0;
}

KernelPriority kernel_priority(std::uint32_t task) noexcept
{
    sched_param param{};
    const long policy = raw_syscall(SYS_sched_getscheduler, static_cast<long>(task));
    if (policy < 0 ||
        raw_syscall(SYS_sched_getparam, static_cast<long>(task), syscall_argument(&param)) < 0) {
        return {};
    }
    return {static_cast<int>(policy), param.sched_priority};
}

bool set_kernel_priority(std::uint32_t task, KernelPriority priority) noexcept
{
    sched_param param{};
    param.sched_priority = priority.priority;
    return raw_syscall(SYS_sched_setscheduler, static_cast<long>(task), priority.policy,
                       syscall_argument(&param)) == 0;
}

}  // namespace lt::os
