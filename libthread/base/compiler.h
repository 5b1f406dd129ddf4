// Attributes and constants that every layer uses.
#pragma once

#include <cstddef>

#define LT_EXPORT extern "C" __attribute__((visibility("default")))
#define LT_NOINLINE __attribute__((noinline))
#define LT_INLINE inline __attribute__((always_inline))
#define LT_LIKELY(x) __builtin_expect(!!(x), 1)
#define LT_UNLIKELY(x) __builtin_expect(!!(x), 0)
// Thread-local storage that is one load away: libthread is never dlopen()ed late.
#define LT_TLS __thread __attribute__((tls_model("initial-exec")))
// A second exported name of a public function, as Solaris' underscored twins are.
#define LT_ALIAS(twin, name) \
    extern "C" __attribute__((visibility("default"), weak, alias(#name))) decltype(name) twin

// The same for a function that does not return.
#define LT_ALIAS_NORETURN(twin, name) \
    extern "C"                        \
        __attribute__((visibility("default"), weak, alias(#name), noreturn)) decltype(name) twin

namespace lt {

#if defined(__SANITIZE_THREAD__)
inline constexpr bool kThreadSanitizer = true;
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
inline constexpr bool kThreadSanitizer = true;
#else
inline constexpr bool kThreadSanitizer = false;
#endif
#else
inline constexpr bool kThreadSanitizer = false;
#endif

inline constexpr std::size_t kCacheLine = 64;
inline constexpr std::size_t kPageSize = 4096;

constexpr std::size_t round_up(std::size_t value, std::size_t unit)
{
    return (value + unit - 1) / unit * unit;
}

}  // namespace lt
