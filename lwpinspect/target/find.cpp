#include "target/find.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "support/error.h"
#include "support/escape.h"
#include "support/text.h"
#include "target/process.h"

namespace lwpi {
namespace {

constexpr std::uint64_t kLargestPid = 4'194'304;  // PID_MAX_LIMIT
constexpr std::size_t kListed = 20;

std::optional<int> parse_pid(std::string_view text)
{
    const auto value = parse_unsigned(text);
    return value && *value > 0 && *value <= kLargestPid ? std::optional(static_cast<int>(*value))
                                                        : std::nullopt;
}

bool is_named(const std::string& directory, const std::string& name)
{
    std::string comm = read_file_at(AT_FDCWD, (directory + "/comm").c_str(), 64).text;
    comm.erase(std::min(comm.find('\n'), comm.size()));
    if (comm == name) {
        return true;
    }
    // comm is cut after 15 bytes, and changed by the program at will.
    std::string first = read_file_at(AT_FDCWD, (directory + "/cmdline").c_str(), 4096).text;
    first.erase(std::min(first.find('\0'), first.size()));
    return !first.empty() && first.substr(first.rfind('/') + 1) == name;
}

// A word that no process is named by: a path then, or meant to be one.
[[noreturn]] void refuse_unknown(const std::string& word)
{
    const std::string shown = printable(word);
    std::error_code error;
    if (std::filesystem::exists(word, error)) {
        throw TargetError(ExitCode::kUsage,
                          ::access(word.c_str(), R_OK) == 0
                              ? fmt::format("{}: neither a core file nor one made by save.", shown)
                              : fmt::format("{}: {}.", shown, std::strerror(errno)));
    }
    if (word.find('/') != std::string::npos) {
        throw TargetError(
            ExitCode::kUsage,
            fmt::format("{}: {}.", shown, error ? error.message() : std::strerror(ENOENT)));
    }
    throw TargetError(ExitCode::kNoProcess,
                      fmt::format("no process named \"{}\", and no such file.", shown));
}

TargetName find_named(const std::string& name)
{
    const std::vector<int> pids = processes_named(name);
    if (pids.empty()) {
        refuse_unknown(name);
    }
    if (pids.size() > 1) {
        std::string list;
        for (std::size_t i = 0; i < std::min(pids.size(), kListed); ++i) {
            list += fmt::format(" {}", pids[i]);
        }
        throw TargetError(
            ExitCode::kUsage,
            fmt::format("\"{}\" matches {} processes:{}{}. Give a PID.", printable(name),
                        pids.size(), list, pids.size() > kListed ? " ..." : ""));
    }
    return {pids.front(), 0, {}};
}

}  // namespace

std::vector<int> processes_named(const std::string& name)
{
    std::vector<int> pids;
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator("/proc", ignored)) {
        const auto pid = parse_pid(entry.path().filename().string());
        if (pid && *pid != ::getpid() && is_named(entry.path().string(), name)) {
            pids.push_back(*pid);
        }
    }
    std::sort(pids.begin(), pids.end());
    return pids;
}

TargetName find_target(const std::string& text)
{
    const auto parts = split(text, '/');
    const auto pid = parse_pid(parts[0]);
    const auto lwp = parts.size() == 2 ? parse_pid(parts[1]) : std::nullopt;
    if (!pid || parts.size() > 2 || (parts.size() == 2 && !lwp)) {
        if (text.find_first_not_of("0123456789") == std::string::npos) {
            throw TargetError(ExitCode::kNoProcess, fmt::format("no process {}.", text));
        }
        return find_named(text);
    }
    const Process process(*pid);
    const int only_lwp = lwp.value_or(0);
    TargetName target{*pid, only_lwp, {}};
    const int group = process.status().group;
    if (group != 0 && group != *pid) {
        target.remark = fmt::format("{} is a thread of process {}; using {}.", *pid, group, group);
        target.pid = group;
    }
    if (only_lwp != 0 && !Process(target.pid).task_stat(only_lwp)) {
        throw TargetError(ExitCode::kNoProcess,
                          fmt::format("process {} has no LWP {}.", target.pid, only_lwp));
    }
    return target;
}

}  // namespace lwpi
