// The formats of the files below /proc/PID. The numbers are the kernel's, the names are anybody's.
#include <algorithm>
#include <array>

#include "support/text.h"
#include "target/process.h"

namespace lwpi {
namespace {

template <typename Number>
Number number_or_zero(std::string_view text)
{
    return static_cast<Number>(parse_unsigned(text).value_or(0));
}

std::optional<std::uint64_t> parse_0x(std::string_view text)
{
    return text.starts_with("0x") ? parse_unsigned(text.substr(2), 16) : std::nullopt;
}

std::string_view next_line(std::string_view& text)
{
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    return line;
}

// The first blank-separated word, which is removed from `text` with the blanks around it.
std::string_view next_word(std::string_view& text)
{
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
    const std::size_t end = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, end);
    text.remove_prefix(end);
    return word;
}

std::optional<Mapping> parse_mapping(std::string_view line)
{
    const auto range = split(next_word(line), '-');
    const std::string_view rights = next_word(line);
    const std::string_view offset = next_word(line);
    const auto device = split(next_word(line), ':');
    const std::string_view inode = next_word(line);
    if (range.size() != 2 || rights.size() < 4 || device.size() != 2) {
        return std::nullopt;
    }
    Mapping map;
    map.start = parse_unsigned(range[0], 16).value_or(0);
    map.end = parse_unsigned(range[1], 16).value_or(0);
    map.readable = rights[0] == 'r';
    map.writable = rights[1] == 'w';
    map.executable = rights[2] == 'x';
    map.offset = parse_unsigned(offset, 16).value_or(0);
    map.device = parse_unsigned(device[0], 16).value_or(0) << 32U |
                 parse_unsigned(device[1], 16).value_or(0);
    map.inode = parse_unsigned(inode).value_or(0);
    line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
    constexpr std::string_view kDeleted = " (deleted)";
    if (line.ends_with(kDeleted)) {
        line.remove_suffix(kDeleted.size());
    }
    map.path = line;
    return map.start < map.end ? std::optional(std::move(map)) : std::nullopt;
}

}  // namespace

std::optional<TaskStat> parse_stat(std::string_view text)
{
    // "pid (name) state ...": the name may hold blanks and parentheses, so its end is the last one.
    const std::size_t open = text.find('(');
    const std::size_t close = text.rfind(')');
    if (open == std::string_view::npos || close == std::string_view::npos || close < open) {
        return std::nullopt;
    }
    const auto fields = split_blanks(text.substr(close + 1));
    if (fields.size() < 37) {
        return std::nullopt;
    }
    // Field n of proc(5) is fields[n - 3].
    TaskStat stat;
    stat.name = text.substr(open + 1, close - open - 1);
    stat.state = fields[0][0];
    stat.parent = number_or_zero<int>(fields[1]);
    stat.kernel_flags = number_or_zero<std::uint64_t>(fields[6]);
    stat.user_ticks = number_or_zero<std::uint64_t>(fields[11]);
    stat.system_ticks = number_or_zero<std::uint64_t>(fields[12]);
    stat.start_ticks = number_or_zero<std::uint64_t>(fields[19]);
    stat.stack_start = number_or_zero<std::uint64_t>(fields[25]);
    stat.cpu = number_or_zero<int>(fields[36]);
    return stat;
}

TaskStatus parse_status(std::string_view text)
{
    TaskStatus status;
    while (!text.empty()) {
        const std::string_view line = next_line(text);
        const std::size_t colon = line.find(':');
        if (colon == std::string_view::npos) {
            continue;
        }
        const std::string_view key = line.substr(0, colon);
        const auto values = split_blanks(line.substr(colon + 1));
        if (values.empty()) {
            continue;
        }
        if (key == "Tgid") {
            status.group = number_or_zero<int>(values[0]);
        } else if (key == "TracerPid") {
            status.tracer = number_or_zero<int>(values[0]);
        } else if (key == "NSpid") {
            status.inner = number_or_zero<int>(values.back());
        } else if (key == "Uid") {
            status.uid = number_or_zero<std::uint32_t>(values[0]);
        } else if (key == "voluntary_ctxt_switches") {
            status.voluntary_switches = parse_unsigned(values[0]);
        } else if (key == "nonvoluntary_ctxt_switches") {
            status.involuntary_switches = parse_unsigned(values[0]);
        }
    }
    return status;
}

SyscallLine parse_syscall(std::string_view text)
{
    const auto fields = split_blanks(text);
    SyscallLine line{.kind = SyscallLine::Kind::kGone};
    if (fields.size() == 1 && fields[0] == "running") {
        line.kind = SyscallLine::Kind::kRunning;
    } else if (fields.size() == 3 && fields[0] == "-1") {
        line.kind = SyscallLine::Kind::kBlockedElsewhere;
        line.sp = parse_0x(fields[1]).value_or(0);
        line.pc = parse_0x(fields[2]).value_or(0);
    } else if (fields.size() == 9) {
        line.kind = SyscallLine::Kind::kInCall;
        line.number = parse_signed(fields[0]).value_or(-1);
        for (std::size_t i = 0; i < line.arguments.size(); ++i) {
            line.arguments[i] = parse_0x(fields[i + 1]).value_or(0);
        }
        line.sp = parse_0x(fields[7]).value_or(0);
        line.pc = parse_0x(fields[8]).value_or(0);
    }
    return line;
}

std::vector<Mapping> parse_maps(std::string_view text)
{
    std::vector<Mapping> maps;
    while (!text.empty()) {
        if (auto map = parse_mapping(next_line(text))) {
            maps.push_back(std::move(*map));
        }
    }
    // The kernel lists them in order; the look-ups rely on it.
    std::sort(maps.begin(), maps.end(),
              [](const Mapping& a, const Mapping& b) { return a.start < b.start; });
    return maps;
}

std::optional<std::int64_t> Process::task_run_delay_ns(int tid) const
{
    // "time on the CPU, time waiting for one, slices"
    const FileText file = read_file("task/" + std::to_string(tid) + "/schedstat");
    const auto fields = split_blanks(file.text);
    return fields.size() >= 2 ? parse_signed(fields[1]) : std::nullopt;
}

RunCounter::RunCounter(const Process& process, int tid)
    : file_(process.open("task/" + std::to_string(tid) + "/schedstat"))
{
}

std::optional<std::uint64_t> RunCounter::read() const
{
    std::array<char, 80> text{};
    const ssize_t got = file_ ? ::pread(file_.get(), text.data(), text.size(), 0) : -1;
    std::string_view rest(text.data(), got < 0 ? 0 : static_cast<std::size_t>(got));
    rest = rest.substr(0, rest.find('\n'));
    const auto count = parse_unsigned(rest.substr(rest.rfind(' ') + 1), 10);
    return count && *count != 0 ? count : std::nullopt;
}

}  // namespace lwpi
