// A snapshot as text for people.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/group.h"
#include "model/order.h"
#include "model/snapshot.h"
#include "report/table.h"

namespace lwpi {

// One line: process, counts, mode, pause and spread.
[[nodiscard]] std::string header_text(const Snapshot& snapshot);

enum class ThreadColumn : std::uint8_t {
    kId,
    kName,
    kState,
    kLwp,
    kTid,
    kWait,
    kOwner,
    kSince,
    kSwitches,
    kCpu,
    kPriority,
    kFlags,
    kCreator,
    kFunction,
    kAt,  // needs stacks
};
[[nodiscard]] std::vector<ThreadColumn> default_thread_columns();
// "id,state,wait": throws TargetError kUsage for an unknown name.
[[nodiscard]] std::vector<ThreadColumn> parse_thread_columns(std::string_view names);

[[nodiscard]] std::string threads_text(const Snapshot& snapshot,
                                       const std::vector<const ThreadInfo*>& threads,
                                       const std::vector<ThreadColumn>& columns, UseColour colour);
[[nodiscard]] std::string lwps_text(const Snapshot& snapshot, UseColour colour);

struct StackStyle {
    bool addresses = false;
    bool modules = false;
};
[[nodiscard]] std::string stack_text(const Snapshot& snapshot, const ThreadInfo& thread,
                                     StackStyle style, UseColour colour);
[[nodiscard]] std::string stack_text(const Snapshot& snapshot, const LwpInfo& lwp, StackStyle style,
                                     UseColour colour);

[[nodiscard]] std::string groups_text(const std::vector<Group>& groups, UseColour colour);
// "innermost < ... < outermost", without parameters and the library's inner functions.
[[nodiscard]] std::string functions_text(const Group& group);
// "outermost;...;innermost count" a line, as flame graph programs read it.
[[nodiscard]] std::string collapsed_text(const std::vector<Group>& groups);

[[nodiscard]] std::string info_text(const Snapshot& snapshot);

// What a thread waits for: its object, or the system call that its LWP is in.
[[nodiscard]] std::string wait_text(const ThreadInfo& thread);

}  // namespace lwpi
