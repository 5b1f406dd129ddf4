#include "target/module_files.h"

#include <fcntl.h>
#include <fmt/format.h>

namespace lwpi {

std::vector<UniqueFd> ProcessFiles::open(const Module& module) const
{
    std::vector<UniqueFd> files;
    // A first thread that has ended has neither program nor root any more; the others have.
    std::string place;
    auto own_path = process_.read_link("exe");
    for (const int tid : own_path ? std::vector<int>() : process_.tasks()) {
        place = fmt::format("task/{}/", tid);
        if (own_path = process_.read_link((place + "exe").c_str()); own_path) {
            break;
        }
    }
    if (own_path && own_path->starts_with(module.path)) {
        files.push_back(process_.open(place + "exe"));
    }
    if (module.path.starts_with('/')) {
        files.push_back(process_.open(place + "root" + module.path));
    }
    return files;
}

UniqueFd open_debug_file(const std::string& build_id)
{
    if (build_id.size() < 3) {
        return {};
    }
    const std::string path = fmt::format("/usr/lib/debug/.build-id/{}/{}.debug",
                                         build_id.substr(0, 2), build_id.substr(2));
    return UniqueFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
}

}  // namespace lwpi
