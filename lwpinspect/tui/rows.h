// Which rows a list shows, and in which order.
#pragma once

#include <cstdint>
#include <vector>

#include "tui/columns.h"
#include "tui/filter.h"
#include "tui/sample.h"

namespace lwpi::tui {

struct Sort {
    Column column = Column::kId;
    bool descending = false;
    bool operator==(const Sort&) const = default;
};

// Indices into the snapshot's threads, or LWPs. Equals by id; unknown values last either way.
[[nodiscard]] std::vector<std::uint32_t> thread_rows(const Sample& sample, const Filter& filter,
                                                     Sort sort);
[[nodiscard]] std::vector<std::uint32_t> lwp_rows(const Sample& sample, const Filter& filter,
                                                  Sort sort);

}  // namespace lwpi::tui
