#include <set>

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
    if (is_sheet(list_kind(state))) {
        draw_details(canvas, state, layout);
    } else {
        draw_stack_pane(canvas, state, layout);
    }
    draw_footer(canvas, state, layout.footer);
}

const char* nothing_text(ListKind kind)
{
    switch (kind) {
        case ListKind::kLocks:
            return "nobody waits for anything";
        case ListKind::kFindings:
            return "nothing found: no deadlock, no warning (two looks must agree)";
        case ListKind::kThreads:
        case ListKind::kLwps:
        case ListKind::kPlainLwps:
        case ListKind::kStacks:
            break;
    }
    return "nothing to show";
}

// Threads, and LWPs that carry none, which are part of a deadlock.
std::set<std::uint64_t> in_deadlocks(const UiState& state)
{
    std::set<std::uint64_t> ids;
    for (const Finding& finding : state.shown->findings) {
        if (finding.rule == Rule::kDeadlock || finding.rule == Rule::kSelf) {
            for (const Party& party : finding.members) {
                ids.insert(party.id);
            }
        }
    }
    return ids;
}

std::uint64_t row_id(const UiState& state, std::uint32_t index)
{
    const Snapshot& snapshot = state.shown->snapshot;
    return list_kind(state) == ListKind::kThreads
               ? snapshot.threads[index].id
               : static_cast<std::uint64_t>(snapshot.lwps[index].tid);
}

void draw_mark(Canvas& canvas, int row, std::uint64_t id, const UiState& state,
               const std::set<std::uint64_t>& stuck)
{
    if (stuck.contains(id)) {
        canvas.put(row, 0, "!", Style{Role::kWarning});
    } else if (state.marked.contains(id)) {
        canvas.put(row, 0, "+", Style{Role::kReady});
    }
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
                   state.filter_text.empty() ? nothing_text(list_kind(state))
                                             : "no row matches the filter",
                   Style{Role::kFaint});
        return;
    }
    const ListKind kind = list_kind(state);
    const bool threads = kind == ListKind::kThreads;
    const std::set<std::uint64_t> stuck = in_deadlocks(state);
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
        if (!is_sheet(kind)) {
            draw_mark(canvas, layout.list + line, row_id(state, list.rows[row]), state, stuck);
        }
        for (const PlacedColumn& column : columns) {
            const Piece piece = is_sheet(kind) ? sheet_piece(state, list.rows[row], column)
                                : threads      ? thread_piece(state, list.rows[row], column)
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
    } else if (state.overlay == Overlay::kText) {
        draw_text(canvas, state);
    } else if (state.overlay == Overlay::kStack) {
        draw_whole_stack(canvas, state);
    } else {
        draw_lists(canvas, state);
    }
    return canvas;
}

}  // namespace lwpi::tui
