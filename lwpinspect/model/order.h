// Which threads are shown, and in which order.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/snapshot.h"
#include "support/pattern.h"

namespace lwpi {

enum class ThreadKey : std::uint8_t {
    kId,
    kState,
    kLwp,
    kWait,
    kOwner,
    kSince,
    kSwitches,
    kName,
    kFunction
};

// "id", "state", "lwp", "wait", "owner", "since", "sw", "name", "fn"; nullopt: no such key.
[[nodiscard]] std::optional<ThreadKey> thread_key(std::string_view name);

// Sorted by `key`, equal ones by id; `reverse` turns the order of the keys, not that of the ids.
// Unknown values come last either way. since: longest first.
void sort_threads(const Snapshot& snapshot, std::vector<const ThreadInfo*>& threads, ThreadKey key,
                  bool reverse);

struct StackFilter {
    std::optional<Pattern> function{};      // some frame matches
    std::optional<Pattern> not_function{};  // no frame matches
    std::string state;                      // state name; empty: any
    std::string wait;                       // wait name; empty: any
    std::optional<Pattern> name{};          // the thread's, or the LWP's
    std::optional<int> lwp{};               // index or kernel TID of the LWP it is on
    std::int64_t min_age_ns = 0;            // blocked or ready for at least so long
};

[[nodiscard]] bool matches(const StackFilter& filter, const Snapshot& snapshot,
                           const ThreadInfo& thread);
[[nodiscard]] bool matches(const StackFilter& filter, const Snapshot& snapshot, const LwpInfo& lwp);

// Keeps only the threads and LWPs that match.
void apply(const StackFilter& filter, Snapshot& snapshot);

// What a thread is doing, in one word: the innermost function that is not an inner one of the
// library; empty: unknown.
[[nodiscard]] std::string where(const Snapshot& snapshot, const Stack& stack);
// Its start function when its stack was not taken.
[[nodiscard]] std::string where(const Snapshot& snapshot, const ThreadInfo& thread);

}  // namespace lwpi
