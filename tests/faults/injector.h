// Runs a program under ptrace and lets one of its system calls fail, without the program's
// knowledge: the library under test is the one that is shipped.
//
// Calls count from the moment when the program makes the system call kMark with the argument kBegin
// until it makes it with kEnd; kStarted says that its libraries have started. The kernel stops the
// tracee at the chosen calls only (a filter with SECCOMP_RET_TRACE).
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace faults {

// No kernel has a call of that number: it fails with ENOSYS, and marks a place.
inline constexpr long kMark = 0x7e57;
enum Mark : long { kBegin, kStarted, kEnd };

// Which call is to fail: the n-th of that number, 1 the first, with that error. For calls that do
// several things (futex), `operation` is a bit mask over which one; see operation_of().
struct Fault {
    long call = -1;  // -1: none
    unsigned operation = 0;
    unsigned n = 0;
    int error = 0;
};

// What makes two calls of one number different for us: of futex the command, else 0.
[[nodiscard]] unsigned operation_of(long call, std::uint64_t second_argument);

struct Site {
    long call;
    unsigned operation;

    bool operator<(const Site& other) const
    {
        return call != other.call ? call < other.call : operation < other.operation;
    }
};

struct Result {
    bool exited = false;
    int status = -1;
    int signal = 0;
    bool timed_out = false;
    bool injected = false;
    bool at_start = false;            // before kStarted
    std::string arguments;            // of the call that failed, for people
    std::map<Site, unsigned> counts;  // of the calls between the marks
    std::string output;
};

// Runs `arguments` (the first is the program), traced at `calls`.
[[nodiscard]] Result run(const std::vector<std::string>& arguments, const std::vector<long>& calls,
                         const Fault& fault, std::chrono::seconds limit);

}  // namespace faults
