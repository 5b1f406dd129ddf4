// inspect_replay --target=NAME FOLDER: every file of a corpus once, and each of
// its beginnings.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "fuzz/targets.h"

int main(int count, char** words)
{
    constexpr std::string_view kOption = "--target=";
    const std::string_view option = count == 3 ? words[1] : "";
    const fuzz::Target target =
        option.starts_with(kOption) ? fuzz::target_of(option.substr(kOption.size())) : nullptr;
    if (target == nullptr) {
        std::fprintf(stderr, "usage: inspect_replay --target=NAME FOLDER\n");
        return 2;
    }
    int files = 0;
    for (const auto& entry : std::filesystem::directory_iterator(words[2])) {
        std::ifstream file(entry.path(), std::ios::binary);
        const std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
        // The name first: after a crash it says which one.
        std::printf("%s\n", entry.path().filename().c_str());
        std::fflush(stdout);
        const auto* const begin = reinterpret_cast<const std::uint8_t*>(bytes.data());
        const std::size_t step = bytes.size() / 64 + 1;
        for (std::size_t size = 0; size < bytes.size(); size += step) {
            target({begin, size});
        }
        target({begin, bytes.size()});
        ++files;
    }
    std::printf("%d inputs\n", files);
    return files == 0 ? 1 : 0;
}
