#include "tui/format.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "support/escape.h"
#include "tui/cells.h"

namespace lwpi::tui {

namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kMinute = 60 * kSecond;
constexpr std::int64_t kHour = 60 * kMinute;
constexpr std::int64_t kDay = 24 * kHour;

double to_double(std::int64_t value)
{
    return static_cast<double>(value);
}

// The calls in which a thread blocks, as a statically linked program has them in its own module.
constexpr std::array<std::string_view, 14> kBlockingCalls{
    "mutex_lock", "cond_wait",      "cond_timedwait",  "cond_reltimedwait", "sema_wait",
    "rw_rdlock",  "rw_wrlock",      "thr_join",        "thr_yield",         "thr_suspend",
    "thr_exit",   "sema_timedwait", "mutex_timedlock", "thr_create"};

std::string without_parameters(const std::string& function)
{
    const std::size_t end = function.rfind(')');
    if (end == std::string::npos) {
        return function;
    }
    const std::string after = function.substr(end + 1);
    if (!after.empty() && after != " const") {
        return function;
    }
    int depth = 0;
    for (std::size_t at = end + 1; at-- > 0;) {
        depth += function[at] == ')' ? 1 : 0;
        depth -= function[at] == '(' ? 1 : 0;
        if (depth == 0) {
            return at == 0 ? function : function.substr(0, at);
        }
    }
    return function;
}

bool is_plumbing(const Snapshot& snapshot, const Place& place)
{
    const auto starts = [](std::string_view text, std::string_view front) {
        return text.substr(0, front.size()) == front;
    };
    if (starts(place.module, "libc.so") || starts(place.module, "libc-") ||
        starts(place.module, "ld-linux") || place.module == "[vdso]") {
        return true;
    }
    const std::string& library = snapshot.process.library.module;
    if (!library.empty() && library == place.module_path &&
        library != snapshot.process.executable) {
        return true;
    }
    return starts(place.function, "lt::") || starts(place.function, "lt_") ||
           std::find(kBlockingCalls.begin(), kBlockingCalls.end(), place.function) !=
               kBlockingCalls.end();
}

std::string place_name(const Place& place)
{
    if (!place.function.empty()) {
        return printable(short_name(place.function));
    }
    return fmt::format("{}+{:#x}", printable(place.module), place.offset);
}

}  // namespace

std::string cut(std::string_view text, std::size_t columns)
{
    if (display_width(text) <= columns) {
        return std::string(text);
    }
    std::string_view rest = text;
    std::size_t used = 0;
    while (!rest.empty() && columns > 0) {
        std::string_view after = rest;
        take_letter(after);
        const std::size_t width = display_width(rest.substr(0, rest.size() - after.size()));
        if (used + width > columns - 1) {
            break;
        }
        used += width;
        rest = after;
    }
    std::string result(text.substr(0, text.size() - rest.size()));
    return columns == 0 ? result : result + '~';
}

std::string format_age(std::optional<std::int64_t> ns)
{
    if (!ns) {
        return "-";
    }
    const std::int64_t age = std::max<std::int64_t>(*ns, 0);
    if (age < 10 * kSecond) {
        return fmt::format("{}.{:03}", age / kSecond, age % kSecond / 1'000'000);
    }
    if (age < kHour) {
        return fmt::format("{:02}:{:02}", age / kMinute, age % kMinute / kSecond);
    }
    if (age < kDay) {
        return fmt::format("{}h{:02}", age / kHour, age % kHour / kMinute);
    }
    return fmt::format("{}d{:02}h", age / kDay, age % kDay / kHour);
}

std::string format_uptime(std::int64_t ns)
{
    const std::int64_t time = std::max<std::int64_t>(ns, 0);
    if (time < kMinute) {
        return fmt::format("{}s", time / kSecond);
    }
    if (time < kHour) {
        return fmt::format("{}m{:02}s", time / kMinute, time % kMinute / kSecond);
    }
    if (time < kDay) {
        return fmt::format("{}h{:02}m", time / kHour, time % kHour / kMinute);
    }
    return fmt::format("{}d{:02}h", time / kDay, time % kDay / kHour);
}

std::string format_rate(std::optional<double> per_second)
{
    if (!per_second) {
        return "-";
    }
    const double rate = *per_second;
    if (rate < 0.05) {
        return "0";
    }
    if (rate < 9.95) {
        return fmt::format("{:.1f}", rate);
    }
    if (rate < 9999.5) {
        return fmt::format("{:.0f}", rate);
    }
    if (rate < 999'500.0) {
        return fmt::format("{:.0f}k", rate / 1e3);
    }
    return fmt::format("{:.1f}M", rate / 1e6);
}

std::string format_fixed(std::optional<double> value)
{
    return value ? fmt::format("{:.1f}", *value) : std::string("-");
}

std::string format_pause(std::int64_t ns)
{
    const double ms = to_double(ns) / 1e6;
    if (ns == 0) {
        return "0";
    }
    if (ms < 9.95) {
        return fmt::format("{:.{}f}ms", ms, ms < 0.095 ? 2 : 1);
    }
    return ms < 999.5 ? fmt::format("{:.0f}ms", ms) : fmt::format("{:.1f}s", ms / 1e3);
}

std::string format_interval(std::chrono::milliseconds interval)
{
    return fmt::format("{:.1f}s", to_double(interval.count()) / 1e3);
}

std::string format_bytes(std::uint64_t bytes)
{
    const double value = static_cast<double>(bytes);
    if (bytes < 1024) {
        return fmt::format("{} B", bytes);
    }
    return bytes < 1024 * 1024 ? fmt::format("{:.1f} KiB", value / 1024)
                               : fmt::format("{:.1f} MiB", value / 1024 / 1024);
}

std::string format_wait(const Wait& wait, std::size_t columns)
{
    std::string full = describe(wait);
    if (display_width(full) <= columns || !wait.object || !wait.object_name.empty()) {
        return cut(full, columns);
    }
    const std::string kind = printable(wait.name) + " ~";
    if (kind.size() + 4 > columns) {
        return cut(full, columns);
    }
    const std::string digits = fmt::format("{:x}", *wait.object);
    const std::size_t kept = std::min(columns - kind.size(), digits.size());
    return kind + digits.substr(digits.size() - kept);
}

std::string format_at(const Snapshot& snapshot, const Stack& stack, const std::string& start)
{
    if (stack.frames.empty()) {
        return start.empty() ? "-" : "(" + printable(start) + ")";
    }
    for (const Frame& frame : stack.frames) {
        const Place& place = snapshot.place(frame);
        if (!is_plumbing(snapshot, place)) {
            return place_name(place);
        }
    }
    return place_name(snapshot.place(stack.frames.front()));
}

std::string short_name(const std::string& function)
{
    static constexpr std::string_view kAnonymous = "(anonymous namespace)::";
    std::string name = without_parameters(function);
    for (std::size_t at = 0; (at = name.find(kAnonymous, at)) != std::string::npos;) {
        name.erase(at, kAnonymous.size());
    }
    return name;
}

std::size_t inner_frames(const Snapshot& snapshot, const Stack& stack)
{
    const ProcessInfo& process = snapshot.process;
    const auto is_inner = [&](const Frame& frame) {
        const Place& place = snapshot.place(frame);
        // Without symbols a module is all there is to go by.
        return place.function.empty() ? place.module_path == process.library.module &&
                                            place.module_path != process.executable
                                      : place.function.substr(0, 4) == "lt::";
    };
    const auto outer = std::find_if_not(stack.frames.begin(), stack.frames.end(), is_inner);
    return outer == stack.frames.end() ? 0 : static_cast<std::size_t>(outer - stack.frames.begin());
}

std::string name_or_start(const ThreadInfo& thread)
{
    if (!thread.name.empty()) {
        return thread.name;
    }
    return thread.start_function.empty() && thread.id == 1 ? "main" : thread.start_function;
}

std::string format_state(const ThreadInfo& thread)
{
    return thread.state == ThreadState::kSwitching ? "switch" : printable(thread.state_name);
}

std::string format_kernel_state(char letter)
{
    struct Word {
        char letter;
        const char* word;
    };
    static constexpr std::array<Word, 9> kWords{{{'R', "running"},
                                                 {'S', "sleep"},
                                                 {'D', "disk"},
                                                 {'T', "stopped"},
                                                 {'t', "traced"},
                                                 {'Z', "zombie"},
                                                 {'X', "dead"},
                                                 {'I', "idle"},
                                                 {'P', "parked"}}};
    for (const Word& known : kWords) {
        if (known.letter == letter) {
            return fmt::format("{} {}", letter, known.word);
        }
    }
    return printable(std::string_view(&letter, 1));
}

}  // namespace lwpi::tui
