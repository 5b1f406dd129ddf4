// Groups of stacks, locks, findings, and the texts that cover the lists.
#include <fmt/format.h>

#include <algorithm>

#include "tui/format.h"
#include "tui/theme.h"
#include "tui/views/views.h"

namespace lwpi::tui {

namespace {

std::size_t room_in(const Canvas& canvas)
{
    return static_cast<std::size_t>(std::max(canvas.size().columns - 1, 0));
}

void put_line(Canvas& canvas, int row, const std::string& line, Style style)
{
    // Printable already: the texts were made for terminals.
    canvas.put(row, 1, cut(line, room_in(canvas)), style);
}

}  // namespace

Piece sheet_piece(const UiState& state, std::uint32_t index, const PlacedColumn& column)
{
    const auto columns = columns_of(list_kind(state));
    const auto at = static_cast<std::size_t>(column.spec - columns.data());
    const SheetCell& cell = state.sheet->rows[index].cells.at(at);
    return Piece{cell.text, cell.role};
}

void draw_details(Canvas& canvas, const UiState& state, const Layout& layout)
{
    if (layout.stack_rows < 3) {
        return;
    }
    canvas.fill(layout.stack, glyphs(state.utf8).rule_letter, Style{Role::kRule});
    const SheetRow* const row = chosen_sheet_row(state);
    if (row == nullptr) {
        return;
    }
    const auto lines = static_cast<std::size_t>(layout.stack_rows - 1);
    const bool more = row->details.size() > lines;
    const std::size_t shown = more ? lines - 1 : row->details.size();
    for (std::size_t i = 0; i < shown; ++i) {
        put_line(canvas, layout.stack + 1 + static_cast<int>(i), row->details[i],
                 Style{i == 0 ? Role::kTitle : Role::kText});
    }
    if (more) {
        canvas.put(layout.footer - 1, 0,
                   fmt::format(" . {} more: Enter", row->details.size() - shown),
                   Style{Role::kFaint});
    }
}

void draw_text(Canvas& canvas, const UiState& state)
{
    const OverlayLayout layout = lay_out_overlay(state);
    canvas.fill(layout.title, U' ', Style{Role::kColumns});
    canvas.put(layout.title, 1, cut(state.text_title, room_in(canvas)), Style{Role::kSorted});
    for (int line = 0; line < layout.body_rows; ++line) {
        const std::size_t number = state.scroll + static_cast<std::size_t>(line);
        if (number < state.text.size()) {
            put_line(canvas, layout.body + line, state.text[number], Style{});
        }
    }
    draw_footer(canvas, state, layout.footer);
}

}  // namespace lwpi::tui
