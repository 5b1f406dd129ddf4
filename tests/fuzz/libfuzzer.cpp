// inspect_fuzz --target=NAME CORPUS...: libFuzzer, whose own options begin with one dash.
#include <cstdio>
#include <cstdlib>

#include "fuzz/targets.h"

namespace {
fuzz::Target chosen;
}  // namespace

extern "C" int LLVMFuzzerInitialize(int* count, char*** words)
{
    constexpr std::string_view kOption = "--target=";
    for (int i = 1; i < *count; ++i) {
        const std::string_view word((*words)[i]);
        if (word.starts_with(kOption)) {
            chosen = fuzz::target_of(word.substr(kOption.size()));
        }
    }
    if (chosen == nullptr) {
        std::fprintf(stderr, "which --target=?\n");
        std::exit(2);
    }
    return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    chosen({bytes, size});
    return 0;
}
