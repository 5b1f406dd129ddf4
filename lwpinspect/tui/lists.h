// Moves the cursors of the lists. Part of update().
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "tui/state.h"

namespace lwpi::tui {

[[nodiscard]] ListState& list_in_front(UiState& state) noexcept;

// Makes the rows anew from the shown sample, filter and order. The cursor stays on its thread and,
// where the list allows, on its line of the terminal; when its thread is gone, on its row.
void rebuild(UiState& state);

// Puts the cursor on that row, or the last one, and scrolls as far as needed.
void move_to(UiState& state, std::size_t row);
void move_by(UiState& state, std::ptrdiff_t rows);
// After the terminal's size changed.
void keep_cursor_visible(UiState& state);

// The next row from `from` on, in that direction and round the end, where `text` occurs.
[[nodiscard]] std::optional<std::size_t> find_row(const UiState& state, std::string_view text,
                                                  std::size_t from, Direction direction);

}  // namespace lwpi::tui
