#include "target/module_files.h"

namespace lwpi {

std::vector<UniqueFd> ProcessFiles::open(const Module& module) const
{
    std::vector<UniqueFd> files;
    const auto own_path = process_.read_link("exe");
    if (own_path && own_path->starts_with(module.path)) {
        files.push_back(process_.open("exe"));
    }
    if (module.path.starts_with('/')) {
        files.push_back(process_.open("root" + module.path));
    }
    return files;
}

}  // namespace lwpi
