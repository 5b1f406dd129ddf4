// Places where perf, bpftrace, SystemTap and gdb can look in while the library runs: USDT probes of
// the provider `lwpt`. One nop each, and a note in the library's file that says where its arguments
// are; docs/LWPINSPECT.md lists them. Without <sys/sdt.h>, or with -DLT_PROBES=OFF, they are
// nothing.
#pragma once

#include "base/atomic.h"

#if defined(LT_PROBES)
#include <sys/sdt.h>
#define LT_PROBE1(name, a) STAP_PROBE1(lwpt, name, a)
#define LT_PROBE2(name, a, b) STAP_PROBE2(lwpt, name, a, b)
#define LT_PROBE3(name, a, b, c) STAP_PROBE3(lwpt, name, a, b, c)
#define LT_PROBE4(name, a, b, c, d) STAP_PROBE4(lwpt, name, a, b, c, d)
#else
#define LT_PROBE1(name, a) static_cast<void>(a)
#define LT_PROBE2(name, a, b) static_cast<void>(a), static_cast<void>(b)
#define LT_PROBE3(name, a, b, c) LT_PROBE2(name, a, b), static_cast<void>(c)
#define LT_PROBE4(name, a, b, c, d) LT_PROBE3(name, a, b, c), static_cast<void>(d)
#endif

namespace lt {

// For a probe's argument: whoever stops there reads the memory, nothing is loaded for it here.
template <class T>
const T& in_place(const Atomic<T>& value)
{
    static_assert(sizeof(Atomic<T>) == sizeof(T));
    return reinterpret_cast<const T&>(value);
}

}  // namespace lt
