// Runs the chosen cases in every variant, several at once.
#pragma once

#include <vector>

#include "conformance/runner/cases.h"
#include "conformance/runner/options.h"
#include "conformance/runner/process.h"

namespace conformance {

class Report;

// Tells `report` each result. False when a signal asked to stop before the end.
[[nodiscard]] bool run_all(const std::vector<Case>& cases, const Options& options, Report& report);

}  // namespace conformance
