// Clang's thread-safety attributes under short names; empty elsewhere.
#pragma once

#if defined(__clang__)
#define LT_TSA(x) __attribute__((x))
#else
#define LT_TSA(x)
#endif

#define LT_CAPABILITY(name) LT_TSA(capability(name))
#define LT_SCOPED_CAPABILITY LT_TSA(scoped_lockable)
#define LT_GUARDED_BY(m) LT_TSA(guarded_by(m))
#define LT_REQUIRES(...) LT_TSA(requires_capability(__VA_ARGS__))
#define LT_EXCLUDES(...) LT_TSA(locks_excluded(__VA_ARGS__))
#define LT_ACQUIRE(...) LT_TSA(acquire_capability(__VA_ARGS__))
#define LT_TRY_ACQUIRE(...) LT_TSA(try_acquire_capability(__VA_ARGS__))
#define LT_RELEASE(...) LT_TSA(release_capability(__VA_ARGS__))
#define LT_NO_TSA LT_TSA(no_thread_safety_analysis)
