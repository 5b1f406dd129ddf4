// Where the files of the images in a process are.
#pragma once

#include <string>
#include <vector>

#include "support/unique_fd.h"
#include "target/modules.h"
#include "target/process.h"

namespace lwpi {

class ModuleFiles {
  public:
    ModuleFiles() = default;
    ModuleFiles(const ModuleFiles&) = delete;
    ModuleFiles& operator=(const ModuleFiles&) = delete;
    virtual ~ModuleFiles() = default;

    // Those that may be the one `module` was mapped from, the likeliest first; the reader compares
    // build-ids.
    [[nodiscard]] virtual std::vector<UniqueFd> open(const Module& module) const = 0;
};

// Those of a live process: through its own root, in whatever mount namespace, deleted or not.
class ProcessFiles : public ModuleFiles {
  public:
    explicit ProcessFiles(const Process& process) : process_(process) {}
    [[nodiscard]] std::vector<UniqueFd> open(const Module& module) const override;

  private:
    const Process& process_;
};

// The debug information that is installed for an image, apart from it; invalid: none.
[[nodiscard]] UniqueFd open_debug_file(const std::string& build_id);

}  // namespace lwpi
