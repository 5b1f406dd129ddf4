// C++ names as people write them. A mangled name of some hundred letters can stand for gigabytes,
// so that is done in a confined child process.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace lwpi {

// A name for each of `names`, itself when it is no C++ name; nullopt: too much time or memory.
[[nodiscard]] std::optional<std::vector<std::string>> demangle_confined(
    const std::vector<std::string>& names);

}  // namespace lwpi
