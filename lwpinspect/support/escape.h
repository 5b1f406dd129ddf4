// Makes text from the target safe for a terminal.
#pragma once

#include <string>
#include <string_view>

namespace lwpi {

// `text` with every control byte (C0, DEL, C1), every byte of invalid UTF-8 and the marks that
// reorder or hide text (bidirectional controls, line separators, zero-width) shown as \xNN; a
// backslash as "\\".
[[nodiscard]] std::string printable(std::string_view text);

// The columns that printable text takes: one a code point, two for wide ones, none for combining
// ones.
[[nodiscard]] std::size_t display_width(std::string_view text) noexcept;

// `text`, printable, cut to at most `columns` columns, the last one being '~' when it was cut.
[[nodiscard]] std::string fit(std::string_view text, std::size_t columns);

}  // namespace lwpi
