// Calling the program's handlers on the thread that a signal is for.
#pragma once

#include <ucontext.h>

#include <csignal>

#include "sched/thread.h"
#include "thread/handlers.h"

namespace lt {

void call_handler(const Handler& handler, int signal, siginfo_t* info, void* context);

// The kernel has called for `signal` on the thread that it interrupted, outside of critical
// regions.
void run_kernel_frame(Thread& self, int signal, siginfo_t* info, ucontext_t& context);

// The last thing in a handler whose frame the kernel made: sigreturn will set the mask found there.
// Delivers what that mask opens; a wait that was about to begin does not.
void settle_frame(Thread& self, ucontext_t& context);

// Does with a signal taken from the thread's queue, and open to it, what the process has for it.
// `context`: what was interrupted by a handler of ours; nullptr: nothing, the thread called us. May
// switch; in no critical region.
void deliver(Thread& self, siginfo_t& info, ucontext_t* context);

// The mask is the thread's and the kernel's from now on, but not counted: for a handler's time.
void set_mask_for_now(Thread& self, std::uint64_t mask) noexcept;

}  // namespace lt
