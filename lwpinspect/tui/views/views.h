// The pictures: pure functions of what is known and remembered.
#pragma once

#include <string>

#include "tui/cells.h"
#include "tui/layout.h"
#include "tui/state.h"

namespace lwpi::tui {

// The whole terminal.
[[nodiscard]] Canvas render(const UiState& state);

// Where the terminal's cursor belongs while a text field is open.
struct Spot {
    int row = 0;
    int column = 0;
};
[[nodiscard]] std::optional<Spot> field_spot(const UiState& state);

// A piece of text and what it is.
struct Piece {
    std::string text;
    Role role = Role::kText;
};

void draw_header(Canvas& canvas, const UiState& state, const Layout& layout);
void draw_title(Canvas& canvas, const UiState& state);
void draw_columns(Canvas& canvas, const UiState& state, const Layout& layout);
void draw_list(Canvas& canvas, const UiState& state, const Layout& layout);
void draw_stack_pane(Canvas& canvas, const UiState& state, const Layout& layout);
void draw_whole_stack(Canvas& canvas, const UiState& state);
// Of a row of a sheet: what stands under its list.
void draw_details(Canvas& canvas, const UiState& state, const Layout& layout);
void draw_text(Canvas& canvas, const UiState& state);
void draw_help(Canvas& canvas, const UiState& state);
void draw_footer(Canvas& canvas, const UiState& state, int row);

// What stands in one column of the row with that index into the snapshot.
[[nodiscard]] Piece thread_piece(const UiState& state, std::uint32_t index,
                                 const PlacedColumn& column);
[[nodiscard]] Piece lwp_piece(const UiState& state, std::uint32_t index,
                              const PlacedColumn& column);
[[nodiscard]] Piece sheet_piece(const UiState& state, std::uint32_t index,
                                const PlacedColumn& column);
[[nodiscard]] Role role_of(ThreadState state) noexcept;
[[nodiscard]] Role role_of_kernel_state(char letter) noexcept;

}  // namespace lwpi::tui
