#include "tui/state.h"

#include <fmt/format.h>

#include <algorithm>

#include "tui/layout.h"

namespace lwpi::tui {

namespace {

bool is_taken(const Stack& stack) noexcept
{
    return stack.end != StackEnd::kNotTaken;
}

// The rows in sight, the cursor's first.
std::vector<std::uint32_t> rows_in_sight(const UiState& state)
{
    const ListState& list = list_in_front(state);
    std::vector<std::uint32_t> rows;
    if (list.rows.empty()) {
        return rows;
    }
    rows.push_back(list.rows[std::min(list.position, list.rows.size() - 1)]);
    const std::size_t end =
        std::min(list.rows.size(), list.top + static_cast<std::size_t>(lay_out(state).list_rows));
    for (std::size_t row = list.top; row < end; ++row) {
        rows.push_back(list.rows[row]);
    }
    return rows;
}

void add_parties(const std::vector<Party>& parties, SnapshotRequest& request)
{
    for (const Party& party : parties) {
        if (party.kind == Party::Kind::kThread) {
            request.threads.push_back(party.id);
        } else {
            request.lwps.push_back(static_cast<int>(party.id));
        }
    }
}

template <typename Id>
bool has(const std::vector<Id>& ids, Id id)
{
    return std::find(ids.begin(), ids.end(), id) != ids.end();
}

template <typename Id>
bool has_all(const std::vector<Id>& ids, const std::vector<Id>& some)
{
    return std::all_of(some.begin(), some.end(), [&ids](Id id) { return has(ids, id); });
}

}  // namespace

ListKind list_kind(const UiState& state) noexcept
{
    switch (state.pane) {
        case Pane::kStacks:
            return ListKind::kStacks;
        case Pane::kLocks:
            return ListKind::kLocks;
        case Pane::kFindings:
            return ListKind::kFindings;
        case Pane::kThreads:
        case Pane::kLwps:
            break;
    }
    if (state.shown && !has_user_threads(state.shown->snapshot)) {
        return ListKind::kPlainLwps;
    }
    return state.pane == Pane::kThreads ? ListKind::kThreads : ListKind::kLwps;
}

const ListState& list_in_front(const UiState& state) noexcept
{
    switch (list_kind(state)) {
        case ListKind::kThreads:
            return state.threads;
        case ListKind::kStacks:
            return state.stacks;
        case ListKind::kLocks:
            return state.locks;
        case ListKind::kFindings:
            return state.findings;
        case ListKind::kLwps:
        case ListKind::kPlainLwps:
            break;
    }
    return state.lwps;
}

std::vector<PlacedColumn> visible_columns(const UiState& state)
{
    std::uint64_t greatest = 0;
    if (state.shown && !state.shown->snapshot.threads.empty()) {
        greatest = state.shown->snapshot.threads.back().id;
    }
    const auto digits = static_cast<int>(fmt::formatted_size("{}", greatest));
    return place_columns(list_kind(state), state.size.columns, digits);
}

const SheetRow* chosen_sheet_row(const UiState& state) noexcept
{
    const ListState& list = list_in_front(state);
    if (!is_sheet(list_kind(state)) || !state.sheet || list.position >= list.rows.size()) {
        return nullptr;
    }
    return &state.sheet->rows[list.rows[list.position]];
}

const ThreadInfo* chosen_thread(const UiState& state) noexcept
{
    const ListState& list = list_in_front(state);
    if (list_kind(state) != ListKind::kThreads || list.position >= list.rows.size()) {
        return nullptr;
    }
    return &state.shown->snapshot.threads[list.rows[list.position]];
}

const LwpInfo* chosen_lwp(const UiState& state) noexcept
{
    const ListState& list = list_in_front(state);
    if (list_kind(state) == ListKind::kThreads || is_sheet(list_kind(state)) ||
        list.position >= list.rows.size()) {
        return nullptr;
    }
    return &state.shown->snapshot.lwps[list.rows[list.position]];
}

ChosenStack stack_of(const UiState& state, const ThreadInfo& thread) noexcept
{
    if (state.frozen && !is_taken(thread.stack) && state.latest) {
        const ThreadInfo* const later = find_thread(state.latest->snapshot, thread.id);
        if (later != nullptr && is_taken(later->stack)) {
            return ChosenStack{&later->stack, &state.latest->snapshot, true};
        }
    }
    return ChosenStack{&thread.stack, &state.shown->snapshot, false};
}

ChosenStack stack_of(const UiState& state, const LwpInfo& lwp) noexcept
{
    const Snapshot& snapshot = state.shown->snapshot;
    if (is_taken(lwp.stack) && !lwp.stack.frames.empty()) {
        return ChosenStack{&lwp.stack, &snapshot, false};
    }
    if (const ThreadInfo* const thread =
            lwp.thread ? find_thread(snapshot, *lwp.thread) : nullptr) {
        return stack_of(state, *thread);
    }
    if (state.frozen && !is_taken(lwp.stack) && state.latest) {
        const LwpInfo* const later = find_lwp(state.latest->snapshot, lwp.tid);
        if (later != nullptr && is_taken(later->stack)) {
            return ChosenStack{&later->stack, &state.latest->snapshot, true};
        }
    }
    return ChosenStack{&lwp.stack, &snapshot, false};
}

ChosenStack chosen_stack(const UiState& state) noexcept
{
    if (const ThreadInfo* const thread = chosen_thread(state)) {
        return stack_of(state, *thread);
    }
    if (const LwpInfo* const lwp = chosen_lwp(state)) {
        return stack_of(state, *lwp);
    }
    return {};
}

SnapshotRequest wanted(const UiState& state, const SnapshotRequest& base)
{
    SnapshotRequest request = base;
    request.threads.clear();
    request.lwps.clear();
    request.lines = state.lines;
    if (state.instant == Instant::kWanted) {
        request.mode = Mode::kInstant;
    }
    if (list_kind(state) == ListKind::kStacks || state.filter.needs_stacks() ||
        list_in_front(state).sort.column == Column::kAt) {
        request.stacks = Stacks::kAll;
        return request;
    }
    request.stacks = Stacks::kChosen;
    if (!state.shown) {
        return request;
    }
    const Snapshot& snapshot = state.shown->snapshot;
    if (is_sheet(list_kind(state))) {
        for (const Finding& finding : state.shown->findings) {
            add_parties(finding.members, request);
        }
        return request;
    }
    const bool threads = list_kind(state) == ListKind::kThreads;
    for (const std::uint32_t row : rows_in_sight(state)) {
        if (threads) {
            request.threads.push_back(snapshot.threads[row].id);
            continue;
        }
        request.lwps.push_back(snapshot.lwps[row].tid);
        if (snapshot.lwps[row].thread) {
            request.threads.push_back(*snapshot.lwps[row].thread);
        }
    }
    return request;
}

bool is_urgent(const UiState& state, const SnapshotRequest& request)
{
    if (!state.latest || state.ended) {
        return false;
    }
    const SnapshotRequest& read = state.latest->request;
    if (request.mode != read.mode && request.mode == Mode::kInstant) {
        return true;
    }
    if (request.lines && !read.lines) {
        return true;
    }
    if (read.stacks == Stacks::kAll) {
        return false;
    }
    return request.stacks == Stacks::kAll || !has_all(read.threads, request.threads) ||
           !has_all(read.lwps, request.lwps);
}

}  // namespace lwpi::tui
