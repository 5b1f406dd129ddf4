// The lists that are neither of threads nor of LWPs: groups of stacks, locks, findings. Made from a
// sample when their screen is in front.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/graph.h"
#include "tui/cells.h"
#include "tui/rows.h"
#include "tui/sample.h"

namespace lwpi::tui {

struct SheetCell {
    std::string text;  // printable
    Role role = Role::kText;
    std::optional<double> number;  // what to sort by; else by the text
};

struct SheetRow {
    std::uint64_t key = 0;         // the same for the same thing in the next sample
    std::vector<SheetCell> cells;  // beside columns_of(kind)
    std::vector<std::string> details;
    std::vector<Party> members;  // whose stacks the details show
};

struct Sheet {
    ListKind kind = ListKind::kStacks;
    SamplePtr sample;
    std::vector<SheetRow> rows;
};

[[nodiscard]] constexpr bool is_sheet(ListKind kind) noexcept
{
    return kind == ListKind::kStacks || kind == ListKind::kLocks || kind == ListKind::kFindings;
}

[[nodiscard]] std::shared_ptr<const Sheet> make_sheet(ListKind kind, SamplePtr sample);

// Indices of the rows in which every word of `filter` occurs, in the order asked for; of equal ones
// the first made comes first. "key:word" is the word alone.
[[nodiscard]] std::vector<std::uint32_t> sheet_rows(const Sheet& sheet, std::string_view filter,
                                                    Sort sort);

}  // namespace lwpi::tui
