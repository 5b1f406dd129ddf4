// Two looks at one process: who came, who went, and who has not run in between.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "model/group.h"
#include "model/snapshot.h"

namespace lwpi {

struct GroupChange {
    Group group;  // as it is later; as it was when it is gone
    std::size_t before = 0;
    std::size_t after = 0;
};

// Ids are those of user threads, or kernel TIDs in a process without the library; ascending.
struct Diff {
    bool lwps = false;
    std::int64_t apart_ns = 0;
    std::vector<std::uint64_t> added;
    std::vector<std::uint64_t> gone;
    std::vector<std::uint64_t> ran;
    std::vector<std::uint64_t> still;  // has not run at all: the hang finder
    std::vector<GroupChange> groups;   // those whose size changed, the greatest change first

    [[nodiscard]] bool is_same() const
    {
        return added.empty() && gone.empty() && ran.empty() && groups.empty();
    }
};

[[nodiscard]] Diff diff_of(const Snapshot& before, const Snapshot& after);

// `snapshot` with only those threads (LWPs) that `diff` calls still.
[[nodiscard]] Snapshot only_still(const Diff& diff, const Snapshot& snapshot);

}  // namespace lwpi
