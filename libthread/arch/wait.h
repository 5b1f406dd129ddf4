// A wait in the kernel that no signal handler comes too late for.
//
// A handler that runs between the caller's last look and the kernel's would not end the wait. So
// the look is made by the instructions just before the system call, and a handler that interrupts
// these lets them go on where the wait is over.
#pragma once

#include <ucontext.h>

#include <cstddef>
#include <cstdint>
#include <ctime>

#include "arch/x86_64/wait_offsets.h"

namespace lt::arch {

// A word, and what it was when the caller decided to wait. Changed by the thread's handlers, or by
// whoever makes one of them run afterwards.
struct Watched {
    const void* word;
    std::uint32_t value;
};
static_assert(sizeof(Watched) == WATCHED_SIZE && offsetof(Watched, value) == WATCHED_VALUE);

// futex(2) with a FUTEX_WAIT_BITSET; -EINTR at once if one of the two watched words has changed.
extern "C" long arch_wait_unless_changed(const void* futex, long operation, std::uint32_t expected,
                                         const std::timespec* until,
                                         const Watched* watched) noexcept;

// The instructions from the first look to the system call, and what ends the wait.
extern "C" const char arch_wait_look[];
extern "C" const char arch_wait_call[];
extern "C" const char arch_wait_over[];

// A handler has run in a frame that the kernel made for `context`.
inline void end_wait_that_begins(ucontext_t& context) noexcept
{
    greg_t& next = context.uc_mcontext.gregs[REG_RIP];
    if (next >= reinterpret_cast<greg_t>(arch_wait_look) &&
        next <= reinterpret_cast<greg_t>(arch_wait_call)) {
        next = reinterpret_cast<greg_t>(arch_wait_over);
    }
}

}  // namespace lt::arch
