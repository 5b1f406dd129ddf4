// Assertions that stay on, and the only way in which the library ends the process for its own bug.
#pragma once

#include <cstdint>

namespace lt {

// Writes "libthread: <what> (<a>, <b>) at <file>:<line>" to standard error and aborts. Safe in
// signal handlers and on any stack of 1 KiB.
[[noreturn]] void panic(const char* what, const char* file, int line, std::uint64_t a = 0,
                        std::uint64_t b = 0) noexcept;

// Writes "libthread: <text><detail>\n" to standard error: bad environment values, misuse.
void warn(const char* text, const char* detail = "") noexcept;

}  // namespace lt

// Cheap and in every build: failure is our bug.
#define LT_CHECK(condition, what)                  \
    do {                                           \
        if (__builtin_expect(!(condition), 0)) {   \
            ::lt::panic(what, __FILE__, __LINE__); \
        }                                          \
    } while (false)

// Hot or expensive: only in LT_CHECKS builds.
#if defined(LT_CHECKS)
#define LT_DCHECK(condition, what) LT_CHECK(condition, what)
#else
#define LT_DCHECK(condition, what) static_cast<void>(0)
#endif
