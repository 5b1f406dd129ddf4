// Circles in the wait graph, in time linear in the number of waiters.
#pragma once

#include <vector>

#include "model/graph.h"

namespace lwpi {

// Each begins with its smallest member and goes on with the one that this one waits for.
[[nodiscard]] std::vector<std::vector<Party>> cycles(const WaitGraph& graph);

}  // namespace lwpi
