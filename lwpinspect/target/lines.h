// Source lines of code addresses, by the debug information of the files that were mapped.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "target/module_files.h"
#include "target/modules.h"

namespace lwpi {

struct SourceLine {
    std::string file;  // empty: not known
    std::uint32_t line = 0;
};

// The lines at these run-time addresses of `module`, which has a build-id: its file's, or those of
// the separate debug file. Opens files and takes its time; never call it while the target is
// stopped.
[[nodiscard]] std::vector<SourceLine> lines_at(const ModuleFiles& files, const Module& module,
                                               const std::vector<Address>& addresses);

}  // namespace lwpi
