// What both sides of the comparison share: the stack of a thread, and calls that have to succeed.
#pragma once

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace bench {

inline constexpr std::size_t kStackSize = 16 * 1024;

// A benchmark of a call that fails would be quick and wrong.
inline void must(int error, const char* call)
{
    if (__builtin_expect(error != 0, 0)) {
        std::fprintf(stderr, "%s: %s\n", call, std::strerror(error));
        std::abort();
    }
}

}  // namespace bench
