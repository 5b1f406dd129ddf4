#include "tui/layout.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "tui/format.h"

namespace lwpi::tui {

namespace {

constexpr int kRowsForTotals = 9;
constexpr int kRowsForWaits = 14;
constexpr int kRowsForStack = 16;

std::string why_no_threads(const LibraryInfo& library)
{
    switch (library.state) {
        case LibraryState::kNone:
            return fmt::format(
                "LWPs only: no libthread in this process (no LWPT note in {} modules)",
                library.modules_searched);
        case LibraryState::kUnreadable:
            return "LWPs only: no permission to read this process";
        case LibraryState::kNotStarted:
            return "LWPs only: libthread is loaded but has not started yet";
        case LibraryState::kForkedChild:
            return "LWPs only: the descriptor is that of the parent (fork without exec)";
        case LibraryState::kOtherMajor:
            return fmt::format("LWPs only: descriptor {}.{} is not readable by this lwpinspect",
                               library.abi_major, library.abi_minor);
        case LibraryState::kDamaged:
            return "LWPs only: the library's descriptor fails its checks";
        case LibraryState::kPresent:
            break;
    }
    return {};
}

}  // namespace

std::string notice(const UiState& state)
{
    if (!state.shown) {
        return state.ended.value_or("");
    }
    if (state.ended) {
        // However long the reason is, what to do about it is not cut off.
        constexpr std::string_view kRest = " This is the last picture; q leaves.";
        const auto room = std::max(state.size.columns - static_cast<int>(kRest.size()), 0);
        return cut(*state.ended, static_cast<std::size_t>(room)).append(kRest);
    }
    const Snapshot& snapshot = state.shown->snapshot;
    // A remark that costs the user something comes before an explanation.
    for (const Note& note : snapshot.notes) {
        if (note.code != ExitCode::kDone) {
            return note.text;
        }
    }
    const std::string why = why_no_threads(snapshot.process.library);
    return why.empty() && !snapshot.notes.empty() ? snapshot.notes.front().text : why;
}

std::vector<Tab> tabs_of(const UiState& state)
{
    const ListKind kind = list_kind(state);
    const bool plain = state.shown && !has_user_threads(state.shown->snapshot);
    const std::size_t findings = state.shown ? state.shown->findings.size() : 0;
    std::vector<Tab> tabs;
    const auto add = [&](Pane pane, std::string text, bool chosen) {
        tabs.push_back({pane, std::move(text), 0, chosen});
    };
    if (!plain) {
        add(Pane::kThreads, "1 Threads", kind == ListKind::kThreads);
    }
    add(Pane::kLwps, "2 LWPs", kind == ListKind::kLwps || kind == ListKind::kPlainLwps);
    add(Pane::kStacks, "3 Stacks", kind == ListKind::kStacks);
    add(Pane::kLocks, "4 Locks", kind == ListKind::kLocks);
    add(Pane::kFindings, findings == 0 ? "5 Findings" : fmt::format("5 Findings ({})", findings),
        kind == ListKind::kFindings);
    int at = 1;
    for (Tab& tab : tabs) {
        tab.at = at;
        at += static_cast<int>(tab.text.size()) + 2;
    }
    if (at > state.size.columns - 6) {
        std::erase_if(tabs, [](const Tab& tab) { return !tab.chosen; });
        tabs.front().at = 1;
    }
    return tabs;
}

std::optional<Pane> pane_at(const UiState& state, int column)
{
    for (const Tab& tab : tabs_of(state)) {
        if (column >= tab.at && column < tab.at + static_cast<int>(tab.text.size())) {
            return tab.pane;
        }
    }
    return std::nullopt;
}

Layout lay_out(const UiState& state)
{
    Layout layout;
    const int rows = std::max(state.size.rows, 1);
    int next = 1;
    layout.footer = rows - 1;
    if (rows >= kRowsForTotals) {
        layout.users = next++;
    }
    if (rows >= kRowsForWaits) {
        layout.waits = next++;
    }
    if (rows >= 5 && !notice(state).empty()) {
        layout.notice = next++;
    }
    if (rows >= kRowsForTotals) {
        layout.tabs = next++;
    }
    if (rows >= 4) {
        layout.columns = next++;
    }
    layout.list = next;
    if (rows >= kRowsForStack) {
        layout.stack_rows = std::clamp(rows / 3, 6, 16);
        layout.stack = layout.footer - layout.stack_rows;
    }
    layout.list_rows = std::max(0, layout.footer - layout.stack_rows - layout.list);
    return layout;
}

OverlayLayout lay_out_overlay(const UiState& state)
{
    OverlayLayout layout;
    const int rows = std::max(state.size.rows, 1);
    layout.footer = rows - 1;
    if (state.overlay == Overlay::kStack && rows >= kRowsForTotals) {
        layout.facts = 1;
        layout.fact_rows = rows >= kRowsForWaits ? 5 : 2;
        layout.body = 1 + layout.fact_rows;
    }
    layout.body_rows = std::max(0, layout.footer - layout.body);
    return layout;
}

bool is_help_narrow(const UiState& state) noexcept
{
    return state.size.columns < 60;
}

std::size_t overlay_lines(const UiState& state)
{
    if (state.overlay == Overlay::kHelp) {
        return help_lines().size() * (is_help_narrow(state) ? 2 : 1);
    }
    if (state.overlay == Overlay::kText) {
        return state.text.size();
    }
    const ChosenStack stack = chosen_stack(state);
    return stack.stack == nullptr ? 1 : stack.stack->frames.size() + 1;  // and how it ends
}

}  // namespace lwpi::tui
