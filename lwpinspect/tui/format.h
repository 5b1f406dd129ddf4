// Numbers and times as the screens show them: short, and "-" for unknown.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "model/snapshot.h"

namespace lwpi::tui {

// Printable text cut to at most `columns` columns, the last one being '~' when it was cut.
[[nodiscard]] std::string cut(std::string_view text, std::size_t columns);

// "0.003" below ten seconds, "02:11" below an hour, "5h02", "3d02h"; at most six columns below 100
// days.
[[nodiscard]] std::string format_age(std::optional<std::int64_t> ns);
// "12s", "4m03s", "5h02m", "3d02h".
[[nodiscard]] std::string format_uptime(std::int64_t ns);
// "0", "0.4", "812", "12k", "1.3M".
[[nodiscard]] std::string format_rate(std::optional<double> per_second);
// "92.1"
[[nodiscard]] std::string format_fixed(std::optional<double> value);
// "0.2ms", "41ms", "1.5s".
[[nodiscard]] std::string format_pause(std::int64_t ns);
[[nodiscard]] std::string format_interval(std::chrono::milliseconds interval);
// "1.2 KiB", "8.0 MiB".
[[nodiscard]] std::string format_bytes(std::uint64_t bytes);

// What `wait` waits for in at most `columns`: of an address the last digits are kept, which differ.
[[nodiscard]] std::string format_wait(const Wait& wait, std::size_t columns);

// Where a stack stands: its innermost function outside of the threads library and libc, or the
// innermost one; "(start)" when there is no stack but `start` is known; "-".
[[nodiscard]] std::string format_at(const Snapshot& snapshot, const Stack& stack,
                                    const std::string& start);

// A function without its parameters and anonymous namespaces: "lt::Queue::push" of
// "lt::(anonymous namespace)::Queue::push(lt::Thread&) const".
[[nodiscard]] std::string short_name(const std::string& function);

// How many frames at the inner end are the threads library's own inside, below the call the program
// made: what a program's author does not look for.
[[nodiscard]] std::size_t inner_frames(const Snapshot& snapshot, const Stack& stack);

// A thread's name; of one without, its start function, or "main" of the initial thread; empty:
// neither.
[[nodiscard]] std::string name_or_start(const ThreadInfo& thread);

// The library's word for the thread's state, printable.
[[nodiscard]] std::string format_state(const ThreadInfo& thread);
// "R running", "S sleeping": the kernel's letter and what it means.
[[nodiscard]] std::string format_kernel_state(char letter);

}  // namespace lwpi::tui
