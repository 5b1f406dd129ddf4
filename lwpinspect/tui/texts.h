// The texts that cover the lists: why, info, what changed. Part of update().
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "tui/state.h"

namespace lwpi::tui {

void show_text(UiState& state, std::string title, std::string_view text);
// The thread or LWP under the cursor.
[[nodiscard]] std::optional<Party> chosen_party(const UiState& state);
void show_why(UiState& state);
void show_info(UiState& state);
void take_base(UiState& state);
void show_diff(UiState& state);

}  // namespace lwpi::tui
