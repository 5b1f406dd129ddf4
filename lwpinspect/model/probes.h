// The USDT probes of libthread, provider "lwpt": what each tells, and when.
#pragma once

#include <array>

namespace lwpi {

struct Probe {
    const char* name;
    const char* arguments;
    const char* when;
};

// A test compares them with the notes in the library and with docs/LWPINSPECT.md. Ids are those of
// threads, 0: an LWP's own context. Kinds, causes and states are the library's numbers.
inline constexpr std::array<Probe, 14> kProbes{
    {{"thread__create", "id creator start", "a thread was made; it does not run yet"},
     {"thread__start", "id start", "it runs for the first time, on its own stack"},
     {"thread__exit", "id status", "it ends; destructors of its data follow"},
     {"thread__switch", "from to lwp state", "an LWP leaves one thread for another"},
     {"thread__sleep", "id kind object target", "a thread goes to sleep on an object"},
     {"thread__wake", "id cause", "it runs again after that"},
     {"thread__ready", "id waker", "a thread is made ready to run"},
     {"lock__contend", "id lock word", "a thread has to wait for a mutex or readers/writer lock"},
     {"lwp__start", "lwp tid", "an LWP begins to serve"},
     {"lwp__exit", "lwp tid", "an LWP ends"},
     {"lwp__park", "lwp tid", "an LWP without work goes to sleep"},
     {"lwp__unpark", "lwp tid", "it looks for work again"},
     {"signal__send", "id signal sender", "a thread is given a signal"},
     {"signal__deliver", "id signal", "a handler is called in a thread"}}};

}  // namespace lwpi
