#include "target/process.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "support/error.h"

namespace lwpi {
namespace {

constexpr std::size_t kMapsLimit = 256U << 20U;

std::string directory_of(int pid)
{
    return fmt::format("/proc/{}", pid);
}

std::vector<int> numeric_entries(int directory, const char* path, std::size_t most = SIZE_MAX)
{
    std::vector<int> numbers;
    const int fd = ::openat(directory, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return numbers;
    }
    const std::unique_ptr<DIR, int (*)(DIR*)> entries(::fdopendir(fd), ::closedir);
    if (entries == nullptr) {
        ::close(fd);
        return numbers;
    }
    while (numbers.size() < most) {
        const dirent* entry = ::readdir(entries.get());
        if (entry == nullptr) {
            break;
        }
        const std::string_view name(&entry->d_name[0]);
        if (name.find_first_not_of("0123456789") == std::string_view::npos && name.size() < 10) {
            numbers.push_back(std::stoi(std::string(name)));
        }
    }
    std::sort(numbers.begin(), numbers.end());
    return numbers;
}

}  // namespace

FileText read_file_at(int directory, const char* path, std::size_t limit)
{
    FileText result;
    // A target may have put a FIFO where a file is expected: do not wait for its other end.
    const UniqueFd fd(::openat(directory, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!fd) {
        result.error = errno;
        return result;
    }
    std::size_t used = 0;
    while (used < limit) {
        if (used == result.text.size()) {
            result.text.resize(std::min(limit, std::max<std::size_t>(4096, used * 2)));
        }
        const ssize_t got = ::read(fd.get(), result.text.data() + used, result.text.size() - used);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            result.error = errno;
        }
        if (got <= 0) {
            break;
        }
        used += static_cast<std::size_t>(got);
    }
    result.text.resize(used);
    return result;
}

Process::Process(int pid) : pid_(pid)
{
    // The directory first: it names this process for ever. The pidfd is then checked against it.
    directory_ = UniqueFd(::open(directory_of(pid).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory_) {
        throw TargetError(ExitCode::kNoProcess, fmt::format("no process {}.", pid));
    }
    pidfd_ = UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    if (read_file("stat").error != 0) {
        throw TargetError(ExitCode::kNoProcess, fmt::format("no process {}.", pid));
    }
}

bool Process::has_ended() const noexcept
{
    if (!pidfd_) {
        return read_file("stat").error != 0;
    }
    pollfd wait{pidfd_.get(), POLLIN, 0};
    return ::poll(&wait, 1, 0) > 0;
}

FileText Process::read_file(const std::string& path, std::size_t limit) const
{
    return read_file_at(directory_.get(), path.c_str(), limit);
}

std::optional<std::string> Process::read_link(const char* path) const
{
    std::string text(4096, '\0');
    const ssize_t length = ::readlinkat(directory_.get(), path, text.data(), text.size());
    if (length < 0) {
        return std::nullopt;
    }
    text.resize(static_cast<std::size_t>(length));
    return text;
}

UniqueFd Process::open(const std::string& path) const
{
    return UniqueFd(
        ::openat(directory_.get(), path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
}

std::vector<int> Process::tasks() const
{
    return numeric_entries(directory_.get(), "task");
}

std::vector<int> Process::descriptors(std::size_t most) const
{
    return numeric_entries(directory_.get(), "fd", most);
}

std::optional<TaskStat> Process::stat() const
{
    return parse_stat(read_file("stat").text);
}

TaskStatus Process::status() const
{
    return parse_status(read_file("status").text);
}

std::optional<TaskStat> Process::task_stat(int tid) const
{
    return parse_stat(read_file(fmt::format("task/{}/stat", tid)).text);
}

std::optional<TaskStatus> Process::task_status(int tid) const
{
    const FileText file = read_file(fmt::format("task/{}/status", tid));
    return file.error == 0 && !file.text.empty() ? std::optional(parse_status(file.text))
                                                 : std::nullopt;
}

SyscallLine Process::task_syscall(int tid) const
{
    const FileText file = read_file(fmt::format("task/{}/syscall", tid));
    if (file.error == EACCES || file.error == EPERM) {
        return {.kind = SyscallLine::Kind::kDenied};
    }
    if (file.error != 0) {
        return {.kind = SyscallLine::Kind::kGone};
    }
    return parse_syscall(file.text);
}

std::string Process::command_line() const
{
    std::string text = read_file("cmdline", 4096).text;
    while (!text.empty() && text.back() == '\0') {
        text.pop_back();
    }
    std::replace(text.begin(), text.end(), '\0', ' ');
    return text;
}

FileText Process::maps() const
{
    FileText file = read_file("maps", kMapsLimit);
    // Empty, or ESRCH from newer kernels; ENOENT: the task itself has gone since it was listed.
    const auto has_none = [](const FileText& maps) {
        return maps.error == ESRCH || maps.error == ENOENT ||
               (maps.error == 0 && maps.text.empty());
    };
    if (has_none(file)) {
        // The leader has ended; the process lives on in its other tasks.
        for (const int tid : tasks()) {
            FileText other = read_file(fmt::format("task/{}/maps", tid), kMapsLimit);
            if (!has_none(other)) {
                return other;
            }
        }
        return {};
    }
    return file;
}

}  // namespace lwpi
