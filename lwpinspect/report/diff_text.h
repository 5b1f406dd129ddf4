// The difference of two snapshots as text and as a JSON line.
#pragma once

#include <string>

#include "model/diff.h"
#include "report/table.h"

namespace lwpi {

[[nodiscard]] std::string diff_text(const Diff& diff, const Snapshot& after, UseColour colour);
[[nodiscard]] std::string diff_json(const Diff& diff);

}  // namespace lwpi
