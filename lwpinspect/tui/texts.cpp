#include "tui/texts.h"

#include <utility>

#include "model/chain.h"
#include "model/diff.h"
#include "report/diff_text.h"
#include "report/graph_text.h"
#include "report/text.h"
#include "support/text.h"

namespace lwpi::tui {

void show_text(UiState& state, std::string title, std::string_view text)
{
    state.overlay = Overlay::kText;
    state.scroll = 0;
    state.text_title = std::move(title);
    state.text.clear();
    for (const std::string_view line : split(text, '\n')) {
        state.text.emplace_back(line);
    }
    while (!state.text.empty() && state.text.back().empty()) {
        state.text.pop_back();
    }
}

std::optional<Party> chosen_party(const UiState& state)
{
    if (const ThreadInfo* const thread = chosen_thread(state)) {
        return Party{Party::Kind::kThread, thread->id};
    }
    if (const LwpInfo* const lwp = chosen_lwp(state)) {
        return Party{Party::Kind::kLwp, static_cast<std::uint64_t>(lwp->tid)};
    }
    const SheetRow* const row = chosen_sheet_row(state);
    return row == nullptr || row->members.empty() ? std::nullopt
                                                  : std::optional(row->members.front());
}

void show_why(UiState& state)
{
    const auto party = chosen_party(state);
    if (!state.shown || !party) {
        state.message = "no thread to ask about";
        return;
    }
    const WaitGraph graph(state.shown->snapshot);
    show_text(state, "Why " + describe_party(graph, *party) + " does not go on",
              chain_text(graph, chain_of(graph, *party), UseColour::kNo));
}

void show_info(UiState& state)
{
    if (state.shown) {
        show_text(state, "Process and library", info_text(state.shown->snapshot));
    }
}

void take_base(UiState& state)
{
    state.base = state.shown;
    state.message = "from now on d shows what changed since this picture";
}

void show_diff(UiState& state)
{
    if (!state.base || !state.shown) {
        take_base(state);
        return;
    }
    const Diff diff = diff_of(state.base->snapshot, state.shown->snapshot);
    show_text(state, "What changed since the mark",
              diff_text(diff, state.shown->snapshot, UseColour::kNo));
}

}  // namespace lwpi::tui
