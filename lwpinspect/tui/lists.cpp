#include "tui/lists.h"

#include <algorithm>
#include <utility>

#include "tui/layout.h"

namespace lwpi::tui {

namespace {

std::uint64_t id_of(const UiState& state, std::uint32_t index)
{
    const Snapshot& snapshot = state.shown->snapshot;
    if (is_sheet(list_kind(state))) {
        return state.sheet->rows[index].key;
    }
    if (list_kind(state) == ListKind::kThreads) {
        return snapshot.threads[index].id;
    }
    return static_cast<std::uint64_t>(snapshot.lwps[index].tid);
}

// Scrolls so that the cursor is on line `line` of the list if there are rows enough, else in sight.
void scroll_to_line(UiState& state, std::size_t line)
{
    ListState& list = list_in_front(state);
    const auto lines = static_cast<std::size_t>(std::max(lay_out(state).list_rows, 1));
    line = std::min(line, lines - 1);
    const std::size_t last_top = list.rows.size() > lines ? list.rows.size() - lines : 0;
    list.top = std::min(list.position > line ? list.position - line : 0, last_top);
    if (list.position >= list.top + lines) {
        list.top = list.position + 1 - lines;
    }
}

}  // namespace

ListState& list_in_front(UiState& state) noexcept
{
    // The constant one decides; this state is not constant.
    return const_cast<ListState&>(  // NOLINT(cppcoreguidelines-pro-type-const-cast)
        list_in_front(std::as_const(state)));
}

void rebuild(UiState& state)
{
    ListState& list = list_in_front(state);
    const std::size_t line = list.position - std::min(list.position, list.top);
    if (!state.shown) {
        return;
    }
    const ListKind kind = list_kind(state);
    if (kind == ListKind::kPlainLwps && list.sort.column == Column::kLwp) {
        list.sort.column = Column::kTid;
    }
    if (is_sheet(kind)) {
        if (!state.sheet || state.sheet->kind != kind || state.sheet->sample != state.shown) {
            state.sheet = make_sheet(kind, state.shown);
        }
        list.rows = sheet_rows(*state.sheet, state.filter_text, list.sort);
    } else {
        list.rows = kind == ListKind::kThreads ? thread_rows(*state.shown, state.filter, list.sort)
                                               : lwp_rows(*state.shown, state.filter, list.sort);
    }
    if (list.rows.empty()) {
        // The cursor's thread may come back, with another filter or sample.
        list.position = 0;
        list.top = 0;
        return;
    }
    const auto found = std::find_if(list.rows.begin(), list.rows.end(), [&](std::uint32_t index) {
        return list.cursor == id_of(state, index);
    });
    if (found != list.rows.end()) {
        list.position = static_cast<std::size_t>(found - list.rows.begin());
    } else {
        // One that no key has used stays on top: what the first picture has there may move.
        list.position = std::min(list.position, list.rows.size() - 1);
        if (list.cursor) {
            list.cursor = id_of(state, list.rows[list.position]);
        }
    }
    scroll_to_line(state, line);
}

void move_to(UiState& state, std::size_t row)
{
    ListState& list = list_in_front(state);
    if (list.rows.empty()) {
        return;
    }
    list.position = std::min(row, list.rows.size() - 1);
    list.cursor = id_of(state, list.rows[list.position]);
    keep_cursor_visible(state);
}

void move_by(UiState& state, std::ptrdiff_t rows)
{
    const auto position = static_cast<std::ptrdiff_t>(list_in_front(state).position);
    move_to(state, static_cast<std::size_t>(std::max<std::ptrdiff_t>(position + rows, 0)));
}

void keep_cursor_visible(UiState& state)
{
    const ListState& list = list_in_front(state);
    const std::size_t top = std::min(list.top, list.position);
    scroll_to_line(state, list.position - top);
}

std::optional<std::size_t> find_row(const UiState& state, std::string_view text, std::size_t from,
                                    Direction direction)
{
    const ListState& list = list_in_front(state);
    const std::size_t count = list.rows.size();
    if (count == 0 || text.empty()) {
        return std::nullopt;
    }
    const Snapshot& snapshot = state.shown->snapshot;
    if (is_sheet(list_kind(state))) {
        const auto hits = sheet_rows(*state.sheet, text, {Column::kId, false});
        for (std::size_t step = 0; step < count; ++step) {
            const std::size_t row = direction == Direction::kDown ? (from + step) % count
                                                                  : (from + count - step) % count;
            if (std::binary_search(hits.begin(), hits.end(), list.rows[row])) {
                return row;
            }
        }
        return std::nullopt;
    }
    const Filter filter = anywhere(text);
    const Matcher matcher(filter, snapshot);
    const bool threads = list_kind(state) == ListKind::kThreads;
    for (std::size_t step = 0; step < count; ++step) {
        const std::size_t row = direction == Direction::kDown
                                    ? (from + step) % count
                                    : (from + count - step % count) % count;
        const std::uint32_t index = list.rows[row];
        if (threads ? matcher.matches(snapshot.threads[index])
                    : matcher.matches(snapshot.lwps[index])) {
            return row;
        }
    }
    return std::nullopt;
}

}  // namespace lwpi::tui
