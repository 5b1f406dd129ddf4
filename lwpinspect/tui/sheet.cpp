#include "tui/sheet.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <tuple>
#include <utility>

#include "model/group.h"
#include "model/objects.h"
#include "report/graph_text.h"
#include "report/text.h"
#include "support/escape.h"
#include "support/text.h"
#include "tui/filter.h"
#include "tui/format.h"

namespace lwpi::tui {

namespace {

SheetCell count_cell(std::size_t count)
{
    return {fmt::format("{}", count), Role::kTitle, static_cast<double>(count)};
}

SheetCell text_cell(std::string text, Role role = Role::kText)
{
    const bool dash = text.empty() || text == "-";
    return {dash ? "-" : std::move(text), dash ? Role::kFaint : role, std::nullopt};
}

SheetCell age_cell(std::optional<std::int64_t> ns)
{
    SheetCell cell = text_cell(format_age(ns));
    if (ns) {
        cell.number = static_cast<double>(*ns);
    }
    return cell;
}

std::vector<std::string> lines_of(std::string_view text)
{
    std::vector<std::string> lines;
    for (const std::string_view line : split(text, '\n')) {
        lines.emplace_back(line);
    }
    while (!lines.empty() && lines.back().empty()) {
        lines.pop_back();
    }
    return lines;
}

std::uint64_t key_of(std::string_view text)
{
    return std::hash<std::string_view>{}(text);
}

std::vector<std::string> group_details(const Snapshot& snapshot, const Group& group)
{
    constexpr std::size_t kRanges = 100;
    std::vector<std::string> lines{(group.lwps ? "LWPs " : "threads ") +
                                   format_ids(group.ids, kRanges, group.lwps ? "" : "#")};
    const Stack& stack =
        group.lwps ? snapshot.lwps[group.sample].stack : snapshot.threads[group.sample].stack;
    // The library's own are the same for all that wait.
    for (std::size_t i = inner_frames(snapshot, stack); i < stack.frames.size(); ++i) {
        const Place& place = snapshot.place(stack.frames[i]);
        lines.push_back(
            fmt::format("{:2} {}  {}", i, printable(function_of(place)), printable(place.module)));
    }
    lines.push_back(fmt::format("-- {}", name_of(group.end)));
    return lines;
}

void add_stacks(const Snapshot& snapshot, Sheet& sheet)
{
    for (const Group& group : group_stacks(snapshot, 0)) {
        SheetRow row;
        const std::string chain = functions_text(group);
        row.key = key_of(group.state_name + '\n' + group.wait.name + '\n' + chain);
        row.cells = {
            count_cell(group.ids.size()), text_cell(printable(group.state_name)),
            text_cell(describe(group.wait)),
            age_cell(group.longest_ns > 0 ? std::optional(group.longest_ns) : std::nullopt),
            text_cell(chain, Role::kFunction)};
        row.details = group_details(snapshot, group);
        sheet.rows.push_back(std::move(row));
    }
}

void add_locks(const WaitGraph& graph, Sheet& sheet)
{
    for (const SyncObject& object : objects_of(graph)) {
        const ThreadInfo* const holder = object.owner ? graph.thread(*object.owner) : nullptr;
        Wait wait;
        wait.readers = object.readers;
        const bool ended = object.owner && !graph.exists(*object.owner);
        SheetRow row;
        row.key = object.address.value_or(0) + object.target.value_or(0) * 31 + key_of(object.kind);
        row.cells = {
            count_cell(object.waiters.size()), age_cell(object.longest_ns),
            text_cell(describe(object)),
            text_cell(object.owner ? describe_party(graph, *object.owner) : describe_owner(wait)),
            ended ? text_cell("ended", Role::kWarning)
                  : text_cell(holder == nullptr ? "" : printable(holder->state_name))};
        row.details = lines_of(object_text(graph, object, UseColour::kNo));
        sheet.rows.push_back(std::move(row));
    }
}

void add_findings(const WaitGraph& graph, const std::vector<Finding>& findings, Sheet& sheet)
{
    for (const Finding& finding : findings) {
        SheetRow row;
        const bool bad = finding.rule <= Rule::kStarved;
        row.key = key_of(std::string(name_of(finding.rule)) + finding.text);
        row.cells = {
            text_cell(std::string(name_of(finding.rule)), bad ? Role::kWarning : Role::kReady),
            text_cell(finding.text)};
        row.details = lines_of(finding_text(graph, finding, true, UseColour::kNo));
        row.members = finding.members;
        sheet.rows.push_back(std::move(row));
    }
}

bool matches(const SheetRow& row, std::string_view word)
{
    const std::size_t colon = word.find(':');
    if (colon != std::string_view::npos && colon != 0 && word.substr(colon, 2) != "::") {
        word.remove_prefix(colon + 1);
    }
    return std::any_of(row.cells.begin(), row.cells.end(),
                       [&](const SheetCell& cell) { return contains(cell.text, word); }) ||
           std::any_of(row.details.begin(), row.details.end(),
                       [&](const std::string& line) { return contains(line, word); });
}

}  // namespace

std::shared_ptr<const Sheet> make_sheet(ListKind kind, SamplePtr sample)
{
    auto sheet = std::make_shared<Sheet>();
    sheet->kind = kind;
    const WaitGraph graph(sample->snapshot);
    if (kind == ListKind::kStacks) {
        add_stacks(sample->snapshot, *sheet);
    } else if (kind == ListKind::kLocks) {
        add_locks(graph, *sheet);
    } else {
        add_findings(graph, sample->findings, *sheet);
    }
    sheet->sample = std::move(sample);
    return sheet;
}

std::vector<std::uint32_t> sheet_rows(const Sheet& sheet, std::string_view filter, Sort sort)
{
    const auto words = split_blanks(filter);
    std::vector<std::uint32_t> rows;
    for (std::uint32_t i = 0; i < sheet.rows.size(); ++i) {
        if (std::all_of(words.begin(), words.end(),
                        [&](std::string_view word) { return matches(sheet.rows[i], word); })) {
            rows.push_back(i);
        }
    }
    const auto columns = columns_of(sheet.kind);
    const auto sorted = std::find_if(columns.begin(), columns.end(), [&](const ColumnSpec& spec) {
        return spec.column == sort.column;
    });
    if (sorted == columns.end()) {
        return rows;  // as they were made: the greatest first
    }
    const auto at = static_cast<std::size_t>(sorted - columns.begin());
    std::stable_sort(rows.begin(), rows.end(), [&](std::uint32_t left, std::uint32_t right) {
        const SheetCell& a = sheet.rows[sort.descending ? right : left].cells[at];
        const SheetCell& b = sheet.rows[sort.descending ? left : right].cells[at];
        return std::tie(a.number, a.text) < std::tie(b.number, b.text);
    });
    return rows;
}

}  // namespace lwpi::tui
