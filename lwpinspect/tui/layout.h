// Which lines of the terminal are for what.
#pragma once

#include "tui/state.h"

namespace lwpi::tui {

// -1: there is no room for that line.
struct Layout {
    int title = 0;
    int users = -1;
    int waits = -1;
    int notice = -1;
    int tabs = -1;
    int columns = -1;
    int list = 0;  // the first of list_rows lines
    int list_rows = 0;
    int stack = -1;  // the first of stack_rows lines: a rule, a heading, frames
    int stack_rows = 0;
    int footer = 0;
};

[[nodiscard]] Layout lay_out(const UiState& state);

// The names of the screens on their line; the chosen one alone where there is no room.
struct Tab {
    Pane pane;
    std::string text;
    int at = 0;
    bool chosen = false;
};
[[nodiscard]] std::vector<Tab> tabs_of(const UiState& state);
// Whose name is there.
[[nodiscard]] std::optional<Pane> pane_at(const UiState& state, int column);

// The same for what covers the lists: the whole stack, the help.
struct OverlayLayout {
    int title = 0;
    int facts = -1;  // the first of fact_rows lines about the thread
    int fact_rows = 0;
    int body = 1;  // the first of body_rows lines that scroll
    int body_rows = 0;
    int footer = 0;
};
[[nodiscard]] OverlayLayout lay_out_overlay(const UiState& state);
// Where a line of help has no room beside its keys it stands below them.
[[nodiscard]] bool is_help_narrow(const UiState& state) noexcept;
// How many lines the overlay has to scroll through.
[[nodiscard]] std::size_t overlay_lines(const UiState& state);

// A sentence that stays on the screen, such as that the process has ended; empty: none.
[[nodiscard]] std::string notice(const UiState& state);

}  // namespace lwpi::tui
