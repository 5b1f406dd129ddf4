// Small conversions between text and numbers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lwpi {

// A whole number in base 10 or 16 and nothing else; nullopt when it is not one or does not fit.
[[nodiscard]] std::optional<std::uint64_t> parse_unsigned(std::string_view text, int base = 10);
[[nodiscard]] std::optional<std::int64_t> parse_signed(std::string_view text);

// The parts of `text` between blanks (spaces, tabs, newlines); empty parts are left out.
[[nodiscard]] std::vector<std::string_view> split_blanks(std::string_view text);
[[nodiscard]] std::vector<std::string_view> split(std::string_view text, char separator);

// "350us" "12ms" "14.2s" "2m11s" "3h02m" "4d07h": at most six columns up to 99 days.
[[nodiscard]] std::string format_duration(std::int64_t nanoseconds);
[[nodiscard]] std::string format_duration(
    const std::optional<std::int64_t>& nanoseconds);  // or "-"

// Sorted ids as "#17-#9528 #9700": at most `parts` ranges, then "+N more". `mark` stands before
// each.
[[nodiscard]] std::string format_ids(const std::vector<std::uint64_t>& sorted, std::size_t parts,
                                     std::string_view mark);

// A C++ function without its parameters and the compiler's remarks: "a::f<int>" for
// "a::f<int>(char) const [clone .cold]". Other names are left as they are.
[[nodiscard]] std::string without_parameters(const std::string& function);

}  // namespace lwpi
