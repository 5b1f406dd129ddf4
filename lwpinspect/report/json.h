// A snapshot as JSON, one object a line: schema "lwpinspect/1" (docs/man/lwpinspect.1).
#pragma once

#include <string>

#include "model/group.h"
#include "model/snapshot.h"

namespace lwpi {

// Each is one line with its newline. Unknown values are null, addresses "0x..." strings, times
// integers of nanoseconds.
[[nodiscard]] std::string process_json(const Snapshot& snapshot);
[[nodiscard]] std::string lwp_json(const Snapshot& snapshot, const LwpInfo& lwp);
[[nodiscard]] std::string thread_json(const Snapshot& snapshot, const ThreadInfo& thread);
[[nodiscard]] std::string group_json(const Group& group);
// The last line; without it the output was cut short.
[[nodiscard]] std::string end_json(const Snapshot& snapshot, ExitCode code);

}  // namespace lwpi
