// The text fields at the foot of the screen: search and filter. Part of update().
#pragma once

#include "tui/state.h"

namespace lwpi::tui {

void open_field(UiState& state, Field field);
// A key while a field is open: every letter is text.
void edit_field(UiState& state, KeyPress press);
// The next or previous row that the last search finds.
void repeat_search(UiState& state, Direction direction);
void set_filter(UiState& state, std::string text, Filter filter);

[[nodiscard]] std::string field_text(const FieldState& field);

}  // namespace lwpi::tui
