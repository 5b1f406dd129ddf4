#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "support/escape.h"
#include "tui/format.h"
#include "tui/views/views.h"

namespace lwpi::tui {

namespace {

int put_pieces(Canvas& canvas, int row, int column, const std::vector<Piece>& pieces)
{
    for (const Piece& piece : pieces) {
        column = canvas.put(row, column, piece.text, Style{piece.role});
    }
    return column;
}

int width_of(const std::vector<Piece>& pieces)
{
    int width = 0;
    for (const Piece& piece : pieces) {
        width += static_cast<int>(display_width(piece.text));
    }
    return width;
}

Role role_of_count(const Count& count)
{
    if (count.number == 0) {
        return Role::kFaint;
    }
    if (count.word == "running" || count.word == "busy") {
        return Role::kRunning;
    }
    if (count.word == "ready") {
        return Role::kReady;
    }
    return count.word == "kernel" || count.word == "disk" || count.word == "stopped" ? Role::kKernel
                                                                                     : Role::kTitle;
}

void add_counts(std::vector<Piece>& pieces, const std::vector<Count>& counts, std::string_view gap)
{
    std::string_view before = " ";
    for (const Count& count : counts) {
        const std::string word = count.word == "running" ? "run" : count.word;
        pieces.push_back({fmt::format("{}{} ", std::exchange(before, gap), word), Role::kText});
        pieces.push_back({fmt::format("{}", count.number), role_of_count(count)});
    }
}

// The title's right half: as much of it as there is room for.
std::vector<Piece> title_facts(const UiState& state, int room)
{
    const Snapshot& snapshot = state.shown->snapshot;
    std::vector<Piece> facts;
    const auto add = [&](const std::string& text, Role role) {
        const int width = static_cast<int>(display_width(text)) + 3;
        if (width_of(facts) + width <= room) {
            facts.insert(facts.begin(), Piece{"   " + text, role});
        }
    };
    if (state.kind != SnapshotSource::Kind::kLive) {
        add(state.kind == SnapshotSource::Kind::kCore ? "core file" : "saved snapshot",
            Role::kWarning);
        return facts;
    }
    if (state.ended) {
        add("ended", Role::kWarning);
    } else if (state.frozen) {
        add("[p] display frozen", Role::kWarning);
    } else {
        add("[p]aused no", Role::kText);
    }
    const std::string mode =
        fmt::format("{} {}", name_of(snapshot.mode), format_interval(state.shown->interval));
    const std::string pause = fmt::format("pause {}", format_pause(snapshot.pause_ns));
    const int both = static_cast<int>(mode.size() + pause.size()) + 6;
    if (width_of(facts) + both <= room) {
        add(pause, Role::kText);
    }
    add(mode, Role::kText);
    return facts;
}

std::vector<Piece> thread_totals(const Sample& sample, std::string_view gap)
{
    if (!has_user_threads(sample.snapshot)) {
        return {};
    }
    std::vector<Piece> pieces{{"User ", Role::kLabel},
                              {fmt::format("{}:", sample.snapshot.threads.size()), Role::kTitle}};
    add_counts(pieces, sample.thread_states, gap);
    return pieces;
}

std::vector<Piece> lwp_totals(const Sample& sample, std::string_view gap)
{
    std::vector<Piece> pieces{{"LWPs ", Role::kLabel},
                              {fmt::format("{}:", sample.snapshot.lwps.size()), Role::kTitle}};
    add_counts(pieces, sample.lwp_uses, gap);
    return pieces;
}

// Threads and LWPs, closer together when there is little room; threads alone when there is less.
void draw_users(Canvas& canvas, const UiState& state, int row)
{
    const Sample& sample = *state.shown;
    for (const std::string_view gap : {"  ", " "}) {
        const std::vector<Piece> threads = thread_totals(sample, gap);
        const std::vector<Piece> lwps = lwp_totals(sample, gap);
        const int spare = canvas.size().columns - width_of(threads) - width_of(lwps);
        const int least = threads.empty() ? 0 : 2;
        if (spare >= least) {
            const int end = put_pieces(canvas, row, 0, threads);
            put_pieces(canvas, row, threads.empty() ? 0 : end + std::min(spare, 5), lwps);
            return;
        }
    }
    const std::vector<Piece> threads = thread_totals(sample, " ");
    put_pieces(canvas, row, 0, threads.empty() ? lwp_totals(sample, " ") : threads);
}

// "! 1 deadlock (2 threads)", "! 3 findings"
std::string deadlock_text(const Sample& sample)
{
    std::size_t circles = 0;
    std::size_t members = 0;
    for (const Finding& finding : sample.findings) {
        if (finding.rule == Rule::kDeadlock || finding.rule == Rule::kSelf) {
            ++circles;
            members += finding.members.size();
        }
    }
    const auto plural = [](std::size_t count) { return count == 1 ? "" : "s"; };
    if (circles > 0) {
        return fmt::format("! {} deadlock{} ({} thread{})", circles, plural(circles), members,
                           plural(members));
    }
    const std::size_t count = sample.findings.size();
    return count == 0 ? std::string() : fmt::format("! {} finding{}", count, plural(count));
}

// What is wrong, with its distance from what is before it.
std::vector<Piece> alerts(const Sample& sample)
{
    std::vector<Piece> pieces;
    if (const std::string text = deadlock_text(sample); !text.empty()) {
        pieces.push_back({"   " + text, Role::kWarning});
    }
    if (sample.snapshot.unread_threads > 0) {
        pieces.push_back(
            {fmt::format("     {} unread", sample.snapshot.unread_threads), Role::kWarning});
    }
    return pieces;
}

void draw_waits(Canvas& canvas, const UiState& state, int row)
{
    const Sample& sample = *state.shown;
    std::vector<Piece> pieces{{"Waiting:", Role::kLabel}};
    if (!has_user_threads(sample.snapshot)) {
        pieces = {{"Process: ", Role::kLabel},
                  {printable(sample.snapshot.process.command), Role::kText}};
    } else if (sample.waits.empty()) {
        pieces.push_back({"  nobody", Role::kFaint});
    } else {
        // The rarest kinds give way to what is wrong.
        const int room = canvas.size().columns - width_of(alerts(sample));
        std::vector<Count> counts = sample.waits;
        do {
            pieces.resize(1);
            add_counts(pieces, counts, "  ");
            counts.pop_back();
        } while (width_of(pieces) > room && !counts.empty());
    }
    put_pieces(canvas, row, put_pieces(canvas, row, 0, pieces), alerts(sample));
}

void draw_tabs(Canvas& canvas, const UiState& state, int row)
{
    int end = 1;
    for (const Tab& tab : tabs_of(state)) {
        end = canvas.put(row, tab.at, tab.text, Style{tab.chosen ? Role::kTabChosen : Role::kTab});
    }
    const ListState& list = list_in_front(state);
    const std::string place =
        list.rows.empty() ? "0" : fmt::format("{}/{}", list.position + 1, list.rows.size());
    canvas.put_right(row, canvas.size().columns - 1, place, Style{Role::kFaint});
    const int room = canvas.size().columns - 4 - static_cast<int>(place.size()) - end;
    const std::string filter =
        "filter: " + (state.filter_text.empty() ? "-" : printable(state.filter_text));
    if (room > 8) {
        const bool set = !state.filter_text.empty();
        canvas.put_right(row, canvas.size().columns - 3 - static_cast<int>(place.size()),
                         cut(filter, static_cast<std::size_t>(room)),
                         Style{set ? Role::kReady : Role::kFaint});
    }
}

}  // namespace

void draw_title(Canvas& canvas, const UiState& state)
{
    const ProcessInfo& process = state.shown->snapshot.process;
    const int width = canvas.size().columns;
    std::vector<Piece> left{
        {fmt::format("{} {}", process.pid, printable(process.name)), Role::kTitle}};
    if (width >= 60) {
        left.insert(left.begin(), Piece{"lwpinspect  ", Role::kText});
    }
    if (width >= 60 && process.uptime_ns) {
        left.push_back({"   up " + format_uptime(*process.uptime_ns), Role::kText});
    }
    const int end = put_pieces(canvas, 0, 0, left);
    const std::vector<Piece> right = title_facts(state, width - end);
    put_pieces(canvas, 0, width - width_of(right), right);
}

void draw_header(Canvas& canvas, const UiState& state, const Layout& layout)
{
    draw_title(canvas, state);
    if (layout.users >= 0) {
        draw_users(canvas, state, layout.users);
    }
    if (layout.waits >= 0) {
        draw_waits(canvas, state, layout.waits);
    }
    if (layout.notice >= 0) {
        const bool bad = state.ended.has_value() || !has_user_threads(state.shown->snapshot);
        canvas.put(layout.notice, 0,
                   cut(notice(state), static_cast<std::size_t>(canvas.size().columns)),
                   Style{bad ? Role::kWarning : Role::kReady});
    }
    if (layout.tabs >= 0) {
        draw_tabs(canvas, state, layout.tabs);
    }
}

}  // namespace lwpi::tui
