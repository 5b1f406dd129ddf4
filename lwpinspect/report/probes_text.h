// The probes, and command lines for those who can follow them.
#pragma once

#include <string>

namespace lwpi {

// Name, arguments and occasion, one a line.
[[nodiscard]] std::string probes_text();
// Ready to be pasted into a shell; `library` is the file that process `pid` has mapped.
[[nodiscard]] std::string bpftrace_text(const std::string& library, int pid);
[[nodiscard]] std::string perf_text(const std::string& library, int pid);
[[nodiscard]] std::string probes_json(const std::string& library);

}  // namespace lwpi
