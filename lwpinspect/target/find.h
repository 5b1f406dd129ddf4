// From what the user calls a process to its number.
#pragma once

#include <string>
#include <vector>

namespace lwpi {

struct TargetName {
    int pid = 0;
    int only_lwp = 0;    // PID/TID: this one; 0: all
    std::string remark;  // for the user; empty: none
};

// PID, PID/TID or a name. Throws TargetError: kUsage (a name of several), kNoProcess.
[[nodiscard]] TargetName find_target(const std::string& text);

// The processes whose name, or whose program's file name, is `name`; ascending, without this one.
[[nodiscard]] std::vector<int> processes_named(const std::string& name);

}  // namespace lwpi
