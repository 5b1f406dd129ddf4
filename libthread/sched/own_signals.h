// The library's own signals on their way to LWPs, and exec(2).
//
// The program that exec brings inherits what waits for its kernel task, with the default action:
// its end. So while a thread tries to exec, none is sent.
#pragma once

#include "lwp/lwp.h"

namespace lt {

// Sends one of them; false: not now. Whoever forbade it sends, if exec fails, those for which there
// is still a reason. In a critical region.
bool send_own_signal(const Lwp& lwp, int signal) noexcept;

// From this call's return to the counterpart's call none is sent, and none is being sent.
void forbid_own_signals() noexcept;
// True: nobody forbids them any more.
bool allow_own_signals() noexcept;

// In the child of a fork.
void reset_own_signals_after_fork() noexcept;

}  // namespace lt
