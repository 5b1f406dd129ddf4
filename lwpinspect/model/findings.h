// What is wrong in a process: deadlocks, and what else deserves a look.
//
// Nothing is reported from one snapshot alone. A finding counts when the second snapshot shows it
// too and none of its members has moved between the two: a lock that is handed over quickly looks
// like a cycle to whoever reads its words one after the other.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/graph.h"

namespace lwpi {

enum class Rule : std::uint8_t {
    kDeadlock,  // everybody in a circle waits for the next one, for ever
    kSelf,      // waits for a lock that it holds itself
    kOrphan,    // the holder has ended
    kStarved,   // every LWP of the pool sleeps in the kernel while threads are ready
    kTimed,     // a circle that a deadline will end
    kReady,     // ready for more than a second
    kRunning,   // runs for more than a second without a switch while others are ready
    kHolder,    // holds a lock that others wait for and sleeps in the kernel
    kStack,     // has used nine tenths of its stack
};

struct Finding {
    Rule rule = Rule::kDeadlock;
    std::vector<Party> members;  // in a circle each waits for the next; else ascending
    std::vector<Wait> waits;     // beside members, where they wait
    std::optional<Party> holder;
    std::string text;  // one sentence, escaped
};

// Deadlocks: kDeadlock, kSelf, kOrphan, kStarved and kTimed.
[[nodiscard]] std::vector<Finding> deadlocks(const Snapshot& first, const Snapshot& second);
// All rules but those of deadlocks(). kRunning needs two snapshots a second apart.
[[nodiscard]] std::vector<Finding> warnings(const Snapshot& first, const Snapshot& second);

// What one snapshot suggests, for screens that look again soon: the same as deadlocks(), not
// confirmed.
[[nodiscard]] std::vector<Finding> suspects(const Snapshot& snapshot);

// Whether the party did not run between the two snapshots.
[[nodiscard]] bool stood_still(const WaitGraph& first, const WaitGraph& second, Party party);

struct RuleName {
    Rule rule;
    std::string_view name;
    std::string_view meaning;
};
[[nodiscard]] const std::vector<RuleName>& rule_names();
[[nodiscard]] std::string_view name_of(Rule rule);

}  // namespace lwpi
