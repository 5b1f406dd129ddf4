#include "support/escape.h"
#include "tui/format.h"
#include "tui/theme.h"
#include "tui/views/views.h"

namespace lwpi::tui {

namespace {

constexpr int kLeastRows = 4;
constexpr int kLeastColumns = 20;

void draw_nothing_yet(Canvas& canvas, const UiState& state)
{
    canvas.put(0, 0, "lwpinspect", Style{Role::kTitle});
    canvas.put(canvas.size().rows / 2, 2,
               state.ended ? cut(*state.ended, 1000) : "Taking the first picture ...", Style{});
    draw_footer(canvas, state, canvas.size().rows - 1);
}

void draw_lists(Canvas& canvas, const UiState& state)
{
    const Layout layout = lay_out(state);
    draw_header(canvas, state, layout);
    draw_columns(canvas, state, layout);
    draw_list(canvas, state, layout);
    draw_stack_pane(canvas, state, layout);
    draw_footer(canvas, state, layout.footer);
}

}  // namespace

void draw_columns(Canvas& canvas, const UiState& state, const Layout& layout)
{
    if (layout.columns < 0) {
        return;
    }
    canvas.fill(layout.columns, U' ', Style{Role::kColumns});
    const Sort& sort = list_in_front(state).sort;
    for (const PlacedColumn& column : visible_columns(state)) {
        const ColumnSpec& spec = *column.spec;
        const bool sorted = spec.column == sort.column;
        std::string title(spec.title);
        if (sorted) {
            const Glyphs& signs = glyphs(state.utf8);
            title += sort.descending ? signs.descending : signs.ascending;
        }
        const Style style{sorted ? Role::kSorted : Role::kColumns};
        if (spec.right) {
            canvas.put_right(layout.columns, column.at + column.width + (sorted ? 1 : 0), title,
                             style);
        } else {
            canvas.put(layout.columns, column.at, title, style, column.width + 1);
        }
    }
}

void draw_list(Canvas& canvas, const UiState& state, const Layout& layout)
{
    const ListState& list = list_in_front(state);
    if (list.rows.empty() && layout.list_rows > 0) {
        canvas.put(layout.list, 2,
                   state.filter_text.empty() ? "nothing to show" : "no row matches the filter",
                   Style{Role::kFaint});
        return;
    }
    const bool threads = list_kind(state) == ListKind::kThreads;
    const std::vector<PlacedColumn> columns = visible_columns(state);
    for (int line = 0; line < layout.list_rows; ++line) {
        const std::size_t row = list.top + static_cast<std::size_t>(line);
        if (row >= list.rows.size()) {
            break;
        }
        const bool cursor = row == list.position;
        if (cursor) {
            canvas.fill(layout.list + line, U' ', Style{Role::kText, true});
        }
        for (const PlacedColumn& column : columns) {
            const Piece piece = threads ? thread_piece(state, list.rows[row], column)
                                        : lwp_piece(state, list.rows[row], column);
            const std::string text = cut(piece.text, static_cast<std::size_t>(column.width));
            const Style style{piece.role, cursor};
            if (column.spec->right) {
                canvas.put_right(layout.list + line, column.at + column.width, text, style);
            } else {
                canvas.put(layout.list + line, column.at, text, style, column.width);
            }
        }
    }
}

Canvas render(const UiState& state)
{
    Canvas canvas(state.size);
    if (state.size.rows < kLeastRows || state.size.columns < kLeastColumns) {
        canvas.put(0, 0, "too small", Style{});
        return canvas;
    }
    if (!state.shown) {
        draw_nothing_yet(canvas, state);
    } else if (state.overlay == Overlay::kHelp) {
        draw_help(canvas, state);
    } else if (state.overlay == Overlay::kStack) {
        draw_whole_stack(canvas, state);
    } else {
        draw_lists(canvas, state);
    }
    return canvas;
}

}  // namespace lwpi::tui
