// What the tests need from the system and from the library beside the interface under test, behind
// one header: this library on Linux, and Solaris' or illumos' own.
//
// Everything here only looks. On Solaris a thread's id is that of its LWP, and nothing is known of
// the library's inside: there `is_blocked` says that the LWP sleeps in the kernel, not on what.
#pragma once

#include <thread.h>

#include <string>
#include <vector>

namespace platform {

// --- processes -----------------------------------------------------------------------------------

// A path under which this program can be executed again.
[[nodiscard]] const char* own_executable();

// A new file without a name, closed on exec; -1 on failure.
[[nodiscard]] int anonymous_file();

// A pipe whose ends are closed on exec.
[[nodiscard]] bool make_pipe(int ends[2]);

// Asks the system to kill this process when its parent ends; where it cannot, nothing happens.
void die_with_parent();

// The address space that the process uses, in bytes; 0 if the system does not tell.
[[nodiscard]] std::size_t address_space_in_use();

// --- LWPs ----------------------------------------------------------------------------------------

// The LWP (kernel task) that runs the caller.
[[nodiscard]] int own_lwp();

// Whether the LWP of this process sleeps in the kernel.
[[nodiscard]] bool is_lwp_asleep(int lwp);

// LWPs of this process, the library's helpers included: compare differences only. -1 on failure.
[[nodiscard]] int lwp_count();

// --- the library's inside ------------------------------------------------------------------------

// Whether every thread has an LWP of its own.
[[nodiscard]] bool is_one_to_one();

// Whether each LWP is where it belongs: none is on its way, or about to end.
[[nodiscard]] bool lwps_are_settled();

// Whether the thread sleeps in the library on `object` (nullptr: on anything).
[[nodiscard]] bool is_blocked(thread_t id, const void* object = nullptr);

// Whether the library's threads share a pool of LWPs whose size and growth can be asked for.
struct Pool {
    bool known = false;
    unsigned lwps = 0;
    unsigned growths = 0;
};
[[nodiscard]] Pool pool();

// --- how to run a program ------------------------------------------------------------------------

// The ways in which the library can run a program, all "" or 0: its default.
struct Variant {
    std::string model;  // "mn", "hand", "husk" or "bound"
    int concurrency = 0;
    bool migrate = false;

    // "default", "mn+c2+always", ...
    [[nodiscard]] std::string name() const;
};

// The settings of the environment that choose the variant; nothing if the library has no such
// choice.
[[nodiscard]] std::vector<std::string> environment_of(const Variant& variant);

// The settings for a pool of one LWP that the library does not enlarge while a thread computes.
[[nodiscard]] std::vector<std::string> pool_of_one();

// Whether the library offers that choice.
[[nodiscard]] bool can_choose(const Variant& variant);

}  // namespace platform
