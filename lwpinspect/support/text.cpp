#include "support/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace lwpi {
namespace {

constexpr std::string_view kBlanks = " \t\n\r";

template <typename Number, typename... Base>
std::optional<Number> parse_whole(std::string_view text, Base... base)
{
    Number value = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value, base...);
    if (error != std::errc{} || stop != end) {
        return std::nullopt;
    }
    return value;
}

}  // namespace

std::optional<std::uint64_t> parse_unsigned(std::string_view text, int base)
{
    return parse_whole<std::uint64_t>(text, base);
}

std::optional<std::int64_t> parse_signed(std::string_view text)
{
    return parse_whole<std::int64_t>(text);
}

std::vector<std::string_view> split_blanks(std::string_view text)
{
    std::vector<std::string_view> parts;
    for (;;) {
        const std::size_t start = text.find_first_not_of(kBlanks);
        if (start == std::string_view::npos) {
            return parts;
        }
        text.remove_prefix(start);
        const std::size_t end = text.find_first_of(kBlanks);
        parts.push_back(text.substr(0, end));
        if (end == std::string_view::npos) {
            return parts;
        }
        text.remove_prefix(end);
    }
}

std::vector<std::string_view> split(std::string_view text, char separator)
{
    std::vector<std::string_view> parts;
    for (;;) {
        const std::size_t end = text.find(separator);
        parts.push_back(text.substr(0, end));
        if (end == std::string_view::npos) {
            return parts;
        }
        text.remove_prefix(end + 1);
    }
}

std::string format_duration(std::int64_t nanoseconds)
{
    if (nanoseconds < 0) {
        // The most negative number has no positive twin.
        return '-' + format_duration(nanoseconds == INT64_MIN ? INT64_MAX : -nanoseconds);
    }
    const std::int64_t us = nanoseconds / 1000;
    const std::int64_t ms = us / 1000;
    const std::int64_t s = ms / 1000;
    if (ms == 0) {
        return fmt::format("{}us", us);
    }
    if (s == 0) {
        return fmt::format("{}ms", ms);
    }
    if (s < 60) {
        return fmt::format("{}.{}s", s, ms % 1000 / 100);
    }
    if (s < 3600) {
        return fmt::format("{}m{:02}s", s / 60, s % 60);
    }
    if (s < 86400) {
        return fmt::format("{}h{:02}m", s / 3600, s / 60 % 60);
    }
    return fmt::format("{}d{:02}h", s / 86400, s / 3600 % 24);
}

std::string format_duration(const std::optional<std::int64_t>& nanoseconds)
{
    return nanoseconds ? format_duration(*nanoseconds) : "-";
}

std::string format_ids(const std::vector<std::uint64_t>& sorted, std::size_t parts,
                       std::string_view mark)
{
    std::string out;
    std::size_t shown = 0;
    std::size_t i = 0;
    for (; i < sorted.size() && shown < parts; ++shown) {
        std::size_t last = i;
        while (last + 1 < sorted.size() && sorted[last + 1] == sorted[last] + 1) {
            ++last;
        }
        out += out.empty() ? "" : " ";
        out += last == i ? fmt::format("{}{}", mark, sorted[i])
                         : fmt::format("{0}{1}-{0}{2}", mark, sorted[i], sorted[last]);
        i = last + 1;
    }
    return i == sorted.size() ? out : out + fmt::format(" +{} more", sorted.size() - i);
}

std::string without_parameters(const std::string& function)
{
    // The parameter list opens at the first parenthesis outside of <> that is not part of a name
    // such as "(anonymous namespace)" or "operator()".
    int depth = 0;
    for (std::size_t i = 0; i < function.size(); ++i) {
        const char letter = function[i];
        depth += letter == '<' ? 1 : letter == '>' && i > 0 && function[i - 1] != '-' ? -1 : 0;
        if (letter != '(' || depth > 0 || i == 0) {
            continue;
        }
        const std::string_view rest = std::string_view(function).substr(i);
        if (rest.starts_with("(anonymous namespace)") || rest.starts_with("()(") ||
            function[i - 1] == ':') {
            i = std::min(function.find(')', i), function.size());
            continue;
        }
        return function.substr(0, i);
    }
    return function;
}

}  // namespace lwpi
