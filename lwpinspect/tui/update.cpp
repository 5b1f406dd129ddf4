#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <type_traits>
#include <utility>

#include "tui/field.h"
#include "tui/layout.h"
#include "tui/lists.h"
#include "tui/state.h"
#include "tui/texts.h"

namespace lwpi::tui {

namespace {

void scroll_by(UiState& state, std::ptrdiff_t lines)
{
    const auto visible = static_cast<std::size_t>(std::max(lay_out_overlay(state).body_rows, 1));
    const std::size_t all = overlay_lines(state);
    const auto most = static_cast<std::ptrdiff_t>(all > visible ? all - visible : 0);
    const auto now = static_cast<std::ptrdiff_t>(state.scroll);
    state.scroll = static_cast<std::size_t>(std::clamp<std::ptrdiff_t>(now + lines, 0, most));
}

enum class Unit : std::uint8_t { kLine, kHalfPage, kPage, kList };

struct Motion {
    Action action;
    Unit unit;
    int sign;
};

constexpr std::array<Motion, 8> kMotions{{{Action::kDown, Unit::kLine, 1},
                                          {Action::kUp, Unit::kLine, -1},
                                          {Action::kHalfDown, Unit::kHalfPage, 1},
                                          {Action::kHalfUp, Unit::kHalfPage, -1},
                                          {Action::kPageDown, Unit::kPage, 1},
                                          {Action::kPageUp, Unit::kPage, -1},
                                          {Action::kLast, Unit::kList, 1},
                                          {Action::kFirst, Unit::kList, -1}}};

std::ptrdiff_t rows_in(Unit unit, int page)
{
    switch (unit) {
        case Unit::kLine:
            return 1;
        case Unit::kHalfPage:
            return std::max(page / 2, 1);
        case Unit::kPage:
            return std::max(page - 1, 1);
        case Unit::kList:
            break;
    }
    return 1'000'000'000;
}

// By how many lines the action moves where `page` lines are in sight; 0: it is no motion.
std::ptrdiff_t distance(Action action, int page)
{
    for (const Motion& motion : kMotions) {
        if (motion.action == action) {
            return motion.sign * rows_in(motion.unit, page);
        }
    }
    return 0;
}

void show_pane(UiState& state, Pane pane)
{
    if (pane == Pane::kThreads && state.shown && !has_user_threads(state.shown->snapshot)) {
        state.message = "there are no user threads in this process";
        return;
    }
    state.overlay = Overlay::kNone;
    state.pane = pane;
    rebuild(state);
}

// The next screen, or with -1 the one before; a process without user threads has no first one.
void turn_pane(UiState& state, int by)
{
    constexpr int kPanes = 5;
    int pane = static_cast<int>(state.pane);
    const bool plain = state.shown && !has_user_threads(state.shown->snapshot);
    if (plain && pane == static_cast<int>(Pane::kThreads)) {
        pane = static_cast<int>(Pane::kLwps);
    }
    do {
        pane = (pane + by + kPanes) % kPanes;
    } while (plain && pane == static_cast<int>(Pane::kThreads));
    show_pane(state, static_cast<Pane>(pane));
}

// Asks first: this is the one thing here that the process may notice.
void ask_for_instant(UiState& state)
{
    if (state.instant == Instant::kAsked) {
        state.instant = Instant::kWanted;
        state.message = "stopping all LWPs for a moment ...";
        return;
    }
    state.instant = Instant::kAsked;
    state.message = "S again stops what runs; an epoll_wait begun just then may return EINTR";
}

void mark_row(UiState& state)
{
    const auto party = is_sheet(list_kind(state)) ? std::nullopt : chosen_party(state);
    if (!party) {
        return;
    }
    if (state.marked.erase(party->id) == 0) {
        state.marked.insert(party->id);
    }
    move_by(state, 1);
}

void next_sort(UiState& state)
{
    const std::vector<PlacedColumn> columns = visible_columns(state);
    Sort& sort = list_in_front(state).sort;
    const auto now = std::find_if(columns.begin(), columns.end(), [&](const PlacedColumn& column) {
        return column.spec->column == sort.column;
    });
    const bool wraps = now == columns.end() || now + 1 == columns.end();
    const ColumnSpec& next = *(wraps ? columns.front() : *(now + 1)).spec;
    sort = Sort{next.column, next.greatest_first};
    rebuild(state);
}

void freeze_or_thaw(UiState& state)
{
    state.frozen = !state.frozen;
    if (!state.frozen && state.shown != state.latest) {
        state.shown = state.latest;
        rebuild(state);
    }
}

void go_back(UiState& state)
{
    if (state.overlay != Overlay::kNone) {
        state.overlay = Overlay::kNone;
        return;
    }
    if (!state.filter_text.empty()) {
        set_filter(state, {}, {});
        return;
    }
    state.search.clear();
}

void toggle(UiState& state, Overlay overlay)
{
    state.overlay = state.overlay == overlay ? Overlay::kNone : overlay;
    state.scroll = 0;
}

void open_stack(UiState& state)
{
    if (list_in_front(state).rows.empty()) {
        state.message = "no row to open";
    } else if (const SheetRow* const row = chosen_sheet_row(state)) {
        std::string text;
        for (const std::string& line : row->details) {
            text += line + '\n';
        }
        show_text(state, "Details", text);
    } else {
        toggle(state, Overlay::kStack);
    }
}

void reverse_sort(UiState& state)
{
    Sort& sort = list_in_front(state).sort;
    sort.descending = !sort.descending;
    rebuild(state);
}

struct Deed {
    Action action;
    void (*act)(UiState& state);
};

// What works whatever covers the list.
constexpr std::array<Deed, 16> kAnywhere{
    {{Action::kQuit, [](UiState& state) { state.quit = true; }},
     {Action::kBack, go_back},
     {Action::kHelp, [](UiState& state) { toggle(state, Overlay::kHelp); }},
     {Action::kFreeze, freeze_or_thaw},
     {Action::kRedraw, [](UiState& state) { state.redraw = true; }},
     {Action::kThreads, [](UiState& state) { show_pane(state, Pane::kThreads); }},
     {Action::kLwps, [](UiState& state) { show_pane(state, Pane::kLwps); }},
     {Action::kStacks, [](UiState& state) { show_pane(state, Pane::kStacks); }},
     {Action::kLocks, [](UiState& state) { show_pane(state, Pane::kLocks); }},
     {Action::kFindings, [](UiState& state) { show_pane(state, Pane::kFindings); }},
     {Action::kOtherScreen, [](UiState& state) { turn_pane(state, 1); }},
     {Action::kScreenBefore, [](UiState& state) { turn_pane(state, -1); }},
     {Action::kInfo, show_info},
     {Action::kLines, [](UiState& state) { state.lines = !state.lines; }},
     {Action::kInstant, ask_for_instant},
     {Action::kSave, [](UiState& state) { state.save = true; }}}};

constexpr std::array<Deed, 12> kOnList{
    {{Action::kOpenStack, open_stack},
     {Action::kNextSort, next_sort},
     {Action::kReverse, reverse_sort},
     {Action::kSearch, [](UiState& state) { open_field(state, Field::kSearch); }},
     {Action::kFilter, [](UiState& state) { open_field(state, Field::kFilter); }},
     {Action::kNextMatch, [](UiState& state) { repeat_search(state, Direction::kDown); }},
     {Action::kPreviousMatch, [](UiState& state) { repeat_search(state, Direction::kUp); }},
     {Action::kWhy, show_why},
     {Action::kDiff, show_diff},
     {Action::kNewBase, take_base},
     {Action::kMark, mark_row},
     {Action::kUnmark, [](UiState& state) { state.marked.clear(); }}}};

// Returns whether `action` was among them.
bool act(UiState& state, Action action, std::span<const Deed> deeds)
{
    for (const Deed& deed : deeds) {
        if (deed.action == action) {
            deed.act(state);
            return true;
        }
    }
    return false;
}

void press_key(UiState& state, KeyPress press)
{
    if (state.field.field != Field::kNone) {
        edit_field(state, press);
        return;
    }
    state.message.clear();
    const Action action = action_of(press);
    if (state.instant == Instant::kAsked && action != Action::kInstant) {
        state.instant = Instant::kNo;  // any other key says no
    }
    if (state.overlay == Overlay::kHelp && action == Action::kQuit && press.key == Key::kLetter) {
        state.overlay = Overlay::kNone;  // q leaves the help first
        return;
    }
    if (act(state, action, kAnywhere)) {
        return;
    }
    if (state.overlay == Overlay::kNone) {
        move_by(state, 0);  // what the key is about stays under the cursor
        if (!act(state, action, kOnList)) {
            move_by(state, distance(action, lay_out(state).list_rows));
        }
    } else if ((state.overlay == Overlay::kStack || state.overlay == Overlay::kText) &&
               action == Action::kOpenStack) {
        state.overlay = Overlay::kNone;
    } else {
        scroll_by(state, distance(action, lay_out_overlay(state).body_rows));
    }
}

// Chooses the row or the screen pressed on, sorts by the column.
void press_mouse(UiState& state, const MouseEvent& event)
{
    if (state.field.field != Field::kNone || !state.shown) {
        return;
    }
    const int wheel = event.deed == MouseDeed::kWheelUp     ? -3
                      : event.deed == MouseDeed::kWheelDown ? 3
                                                            : 0;
    if (state.overlay != Overlay::kNone) {
        scroll_by(state, wheel);
        return;
    }
    if (wheel != 0) {
        move_by(state, wheel);
        return;
    }
    const Layout layout = lay_out(state);
    if (event.row == layout.columns) {
        for (const PlacedColumn& column : visible_columns(state)) {
            if (event.column >= column.at && event.column < column.at + column.width) {
                Sort& sort = list_in_front(state).sort;
                const bool again = sort.column == column.spec->column;
                sort = {column.spec->column,
                        again ? !sort.descending : column.spec->greatest_first};
                rebuild(state);
            }
        }
    } else if (event.row == layout.tabs) {
        if (const auto pane = pane_at(state, event.column)) {
            show_pane(state, *pane);
        }
    } else if (event.row >= layout.list && event.row < layout.list + layout.list_rows) {
        const std::size_t row =
            list_in_front(state).top + static_cast<std::size_t>(event.row - layout.list);
        if (row < list_in_front(state).rows.size()) {
            move_to(state, row);
        }
    }
}

void take_sample(UiState& state, const SamplePtr& sample)
{
    state.latest = sample;
    const bool instant = sample->snapshot.mode == Mode::kInstant;
    if (instant) {
        state.instant = Instant::kNo;
        state.frozen = false;
    }
    if (!state.frozen || !state.shown) {
        state.shown = sample;
        rebuild(state);
        scroll_by(state, 0);
    }
    if (instant) {
        // What cost a stop is there to be looked at.
        state.frozen = true;
        state.message = "one moment, frozen: p goes on";
    }
}

// The last picture stays: whoever leaves it has seen what there was to see.
void end(UiState& state, const EndEvent& event)
{
    state.ended = event.sentence;
    state.exit_code = event.code;
    if (state.shown) {
        state.exit_code = event.code == ExitCode::kNoProcess ? ExitCode::kDone : event.code;
        keep_cursor_visible(state);
    }
}

}  // namespace

UiState update(UiState state, const Event& event)
{
    std::visit(
        [&state](const auto& one) {
            using Kind = std::decay_t<decltype(one)>;
            if constexpr (std::is_same_v<Kind, KeyPress>) {
                press_key(state, one);
            } else if constexpr (std::is_same_v<Kind, ResizeEvent>) {
                state.size = one.size;
                keep_cursor_visible(state);
                scroll_by(state, 0);
            } else if constexpr (std::is_same_v<Kind, SampleEvent>) {
                take_sample(state, one.sample);
            } else if constexpr (std::is_same_v<Kind, MessageEvent>) {
                state.message = one.text;
            } else if constexpr (std::is_same_v<Kind, MouseEvent>) {
                press_mouse(state, one);
            } else {
                end(state, one);
            }
        },
        event);
    return state;
}

}  // namespace lwpi::tui
