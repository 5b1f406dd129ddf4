// The columns of the lists and how they share the width of the terminal.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace lwpi::tui {

enum class Column : std::uint8_t {
    kId,
    kName,
    kState,
    kLwp,
    kWait,
    kOwner,
    kSince,
    kSwitches,
    kAt,
    kTid,
    kKernel,
    kSyscall,
    kCpu,
    kDelay,
    kThread,
};

// Which list: of user threads, of LWPs that may carry some, of the LWPs of any other process, of
// groups of equal stacks, of objects waited for, of what deserves a look.
enum class ListKind : std::uint8_t { kThreads, kLwps, kPlainLwps, kStacks, kLocks, kFindings };

struct ColumnSpec {
    Column column;
    std::string_view title;
    int width;            // at least
    int most;             // at most, when there is room; 0: the last column, takes what is left
    int share;            // of the room that is left, against the other columns
    bool right;           // numbers
    int dropped;          // which goes first when there is no room: the highest; 0: never
    bool greatest_first;  // the first direction of sorting
};

struct PlacedColumn {
    const ColumnSpec* spec = nullptr;
    int at = 0;
    int width = 0;
};

[[nodiscard]] std::span<const ColumnSpec> columns_of(ListKind list) noexcept;
// Those that find room in `width`, from left to right; column 0 is left to the mark of the row.
// `id_digits`: of the greatest thread id, which is never cut.
[[nodiscard]] std::vector<PlacedColumn> place_columns(ListKind list, int width, int id_digits);

}  // namespace lwpi::tui
