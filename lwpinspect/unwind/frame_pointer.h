// Recovers a frame pointer that nobody recorded.
#pragma once

#include <functional>
#include <optional>

#include "target/memory.h"

namespace lwpi {

struct FrameLookup {
    std::function<std::optional<std::uint64_t>(Address)> word;  // of the stack or of code
    std::function<bool(Address)> is_code;
};

// Of an LWP asleep in the kernel only pc and sp are known. In a function that keeps its frame in
// rbp, entered at `function`, interrupted in its body with stack pointer `sp`, rbp is sp plus what
// the prologue took off: the size in "sub $n, %rsp" and up to five saved registers. Of these few
// candidates exactly one must lie below a return address that follows a call to `function` or
// through a table or pointer; otherwise nothing is known. The stack is not searched.
std::optional<std::uint64_t> recover_frame_pointer(Address function, Address sp, Address stack_end,
                                                   const FrameLookup& lookup);

}  // namespace lwpi
