#include "tui/columns.h"

#include <algorithm>
#include <array>

namespace lwpi::tui {

namespace {

constexpr std::array<ColumnSpec, 9> kThreadColumns{{
    {Column::kId, "ID", 6, 6, 0, true, 0, false},
    {Column::kName, "NAME", 8, 31, 2, false, 0, false},
    {Column::kState, "STATE", 7, 7, 0, false, 0, false},
    {Column::kLwp, "LWP", 4, 4, 0, true, 6, false},
    {Column::kWait, "WAIT", 14, 40, 1, false, 1, false},
    {Column::kOwner, "OWNER", 6, 10, 1, false, 3, false},
    {Column::kSince, "SINCE", 6, 6, 0, true, 4, true},
    {Column::kSwitches, "SW/s", 5, 5, 0, true, 5, true},
    {Column::kAt, "AT", 8, 0, 3, false, 2, false},
}};

constexpr std::array<ColumnSpec, 8> kLwpColumns{{
    {Column::kLwp, "LWP", 4, 4, 0, true, 0, false},
    {Column::kTid, "TID", 7, 7, 0, true, 0, false},
    {Column::kState, "STATE", 9, 9, 0, false, 3, false},
    {Column::kKernel, "KERNEL", 9, 9, 0, false, 0, false},
    {Column::kSyscall, "SYSCALL", 12, 40, 1, false, 1, false},
    {Column::kCpu, "CPU%", 5, 5, 0, true, 4, true},
    {Column::kDelay, "RQms/s", 6, 6, 0, true, 5, true},
    {Column::kThread, "USER THREAD", 12, 0, 3, false, 2, false},
}};

constexpr std::array<ColumnSpec, 8> kPlainLwpColumns{{
    {Column::kTid, "TID", 7, 7, 0, true, 0, false},
    {Column::kName, "NAME", 10, 15, 2, false, 0, false},
    {Column::kKernel, "KERNEL", 9, 9, 0, false, 0, false},
    {Column::kWait, "WAIT", 10, 40, 2, false, 1, false},
    {Column::kOwner, "OWNER", 9, 11, 1, false, 3, false},
    {Column::kCpu, "CPU%", 5, 5, 0, true, 4, true},
    {Column::kDelay, "RQms/s", 6, 6, 0, true, 5, true},
    {Column::kAt, "AT", 12, 0, 3, false, 2, false},
}};

constexpr std::array<ColumnSpec, 5> kStackColumns{{
    {Column::kSwitches, "COUNT", 6, 6, 0, true, 0, true},
    {Column::kState, "STATE", 8, 8, 0, false, 2, false},
    {Column::kWait, "WAIT", 14, 40, 1, false, 1, false},
    {Column::kSince, "LONGEST", 7, 7, 0, true, 3, true},
    {Column::kAt, "WHERE", 10, 0, 3, false, 0, false},
}};

constexpr std::array<ColumnSpec, 5> kLockColumns{{
    {Column::kSwitches, "WAITERS", 7, 7, 0, true, 0, true},
    {Column::kSince, "LONGEST", 7, 7, 0, true, 2, true},
    {Column::kWait, "OBJECT", 16, 40, 2, false, 0, false},
    {Column::kOwner, "HELD BY", 10, 24, 2, false, 1, false},
    {Column::kState, "WHICH IS", 8, 0, 1, false, 3, false},
}};

constexpr std::array<ColumnSpec, 2> kFindingColumns{{
    {Column::kState, "RULE", 9, 9, 0, false, 0, false},
    {Column::kAt, "WHAT", 10, 0, 3, false, 0, false},
}};

int total_width(const std::vector<PlacedColumn>& columns)
{
    int total = 1;
    for (const PlacedColumn& column : columns) {
        total += column.width + 1;
    }
    return total - 1;
}

// The column to do without next, or the end.
auto next_to_drop(std::vector<PlacedColumn>& columns)
{
    const auto last = std::max_element(
        columns.begin(), columns.end(),
        [](const auto& a, const auto& b) { return a.spec->dropped < b.spec->dropped; });
    return last == columns.end() || last->spec->dropped == 0 ? columns.end() : last;
}

// Shares out `left` columns in turn; what nobody may take goes to the open column.
void grow(std::vector<PlacedColumn>& columns, int left)
{
    bool grown = true;
    while (left > 0 && grown) {
        grown = false;
        for (PlacedColumn& column : columns) {
            const bool open = column.spec->most == 0;
            const int room = open ? left : std::max(column.spec->most - column.width, 0);
            const int more = std::clamp(column.spec->share, 0, std::min(room, left));
            column.width += more;
            left -= more;
            grown = grown || (more > 0 && !open);
        }
    }
    if (columns.back().spec->most == 0) {
        columns.back().width += left;
    }
}

}  // namespace

std::span<const ColumnSpec> columns_of(ListKind list) noexcept
{
    switch (list) {
        case ListKind::kThreads:
            return kThreadColumns;
        case ListKind::kLwps:
            return kLwpColumns;
        case ListKind::kStacks:
            return kStackColumns;
        case ListKind::kLocks:
            return kLockColumns;
        case ListKind::kFindings:
            return kFindingColumns;
        case ListKind::kPlainLwps:
            break;
    }
    return kPlainLwpColumns;
}

std::vector<PlacedColumn> place_columns(ListKind list, int width, int id_digits)
{
    std::vector<PlacedColumn> columns;
    for (const ColumnSpec& spec : columns_of(list)) {
        const bool is_id = spec.column == Column::kId;
        columns.push_back(
            PlacedColumn{&spec, 0, is_id ? std::max(spec.width, id_digits) : spec.width});
    }
    while (total_width(columns) > width) {
        const auto dropped = next_to_drop(columns);
        if (dropped == columns.end()) {
            break;
        }
        columns.erase(dropped);
    }
    grow(columns, width - total_width(columns));
    int at = 1;
    for (PlacedColumn& column : columns) {
        column.at = at;
        at += column.width + 1;
    }
    return columns;
}

}  // namespace lwpi::tui
