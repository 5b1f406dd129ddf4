// Objects, wait chains and findings as text and as JSON lines.
#pragma once

#include <string>
#include <vector>

#include "model/chain.h"
#include "model/findings.h"
#include "model/objects.h"
#include "report/table.h"

namespace lwpi {

[[nodiscard]] std::string objects_text(const WaitGraph& graph,
                                       const std::vector<SyncObject>& objects, UseColour colour);
// One object with all its waiters, a line each.
[[nodiscard]] std::string object_text(const WaitGraph& graph, const SyncObject& object,
                                      UseColour colour);
// One line a hop, the first for the one asked for.
[[nodiscard]] std::string chain_text(const WaitGraph& graph, const Chain& chain, UseColour colour);
// A sentence, then a line for each member that waits; `with_stacks`: with its frames.
[[nodiscard]] std::string finding_text(const WaitGraph& graph, const Finding& finding,
                                       bool with_stacks, UseColour colour);

[[nodiscard]] std::string object_json(const SyncObject& object);
[[nodiscard]] std::string chain_json(const WaitGraph& graph, const Chain& chain);
[[nodiscard]] std::string finding_json(const Finding& finding);

}  // namespace lwpi
