// Threads that are at the same place, taken together.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/snapshot.h"

namespace lwpi {

struct Group {
    ThreadState state = ThreadState::kUnknown;
    std::string state_name;
    Wait wait;  // its object and owner are only set when all members share them
    std::vector<std::string> functions;  // innermost first, "module+0x12" where there is no symbol
    std::vector<bool> internal;          // of each function: the library's own, of no interest,
                                         // unless the thread runs there
    StackEnd end = StackEnd::kNotTaken;
    std::string detail;
    std::vector<std::uint64_t> ids;  // thread ids, or kernel TIDs when `lwps`; ascending
    bool lwps = false;
    std::uint64_t sample = 0;     // a member: an index into Snapshot::threads or ::lwps
    std::int64_t longest_ns = 0;  // blocked or ready for, the member that has been longest
};

// What makes two threads members of one group, beside their stack.
enum class GroupBy : std::uint8_t {
    kStack,
    kState,    // state alone
    kWait,     // state and object waited for
    kStart,    // start function
    kCreator,  // the thread that made it
    kTop,      // the innermost function outside of the library
};

// Groups of equal functions, modules, state, wait kind and stack end, of user threads, or of LWPs
// in a process without the library; biggest first, then by smallest id. Locks waited for are kept
// apart too, so that waiters of two mutexes are two groups; conditions and semaphores are not.
// `depth` limits the frames that are compared; 0: all.
[[nodiscard]] std::vector<Group> group_stacks(const Snapshot& snapshot, std::size_t depth);
// The same by something else than stacks; the group's functions are then a word for what its
// members share; of an LWP neither the start function nor the creator is known.
[[nodiscard]] std::vector<Group> group_threads(const Snapshot& snapshot, GroupBy by);

// Whether a function is one of libthread's inner ones, not of its interface.
[[nodiscard]] bool is_internal(const Snapshot& snapshot, const Place& place);

// "cond_wait", or "libfoo.so+0x1a2b" without a symbol.
[[nodiscard]] std::string function_of(const Place& place);

}  // namespace lwpi
