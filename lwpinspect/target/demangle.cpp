#include "target/demangle.h"

#include <cxxabi.h>

#include <cstdlib>
#include <memory>

#include "target/confined.h"

namespace lwpi {
namespace {

// Longer than any screen: a name beyond it is shown as it is in the file.
constexpr std::size_t kLongest = 64 * 1024;

std::string demangled(const std::string& name)
{
    int status = 0;
    const std::unique_ptr<char, void (*)(void*)> text(
        abi::__cxa_demangle(name.c_str(), nullptr, nullptr, &status), std::free);
    std::string shown = status == 0 && text != nullptr ? text.get() : name;
    return shown.size() > kLongest ? name : shown;
}

}  // namespace

std::optional<std::vector<std::string>> demangle_confined(const std::vector<std::string>& names)
{
    const auto answer = run_confined({}, [&] {
        std::string all;
        for (const std::string& name : names) {
            all += demangled(name);
            all += '\0';
        }
        return all;
    });
    if (!answer) {
        return std::nullopt;
    }
    std::vector<std::string> shown;
    for (std::size_t at = 0; at < answer->size();) {
        const std::size_t end = answer->find('\0', at);
        shown.push_back(answer->substr(at, end - at));
        at = end == std::string::npos ? answer->size() : end + 1;
    }
    return shown.size() == names.size() ? std::optional(std::move(shown)) : std::nullopt;
}

}  // namespace lwpi
