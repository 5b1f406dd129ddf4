// What makes a kernel task an LWP: its record, its idle context, its own thread-local state.
#pragma once

#include "lwp/lwp.h"
#include "sched/thread.h"

namespace lt {

// The calling kernel task becomes `lwp`: its context is the LWP's idle context, in a critical
// region. `name` is its name for other tools; a trailing '/' gets the LWP's number.
Thread& take_lwp_identity(Lwp& lwp, const char* name) noexcept;

// Gives the idle context back at the LWP's end.
void drop_lwp_identity(Lwp& lwp) noexcept;

// The first thing at an LWP's end: from here on no handler runs on it. A signal that was deferred
// goes to the process again.
void close_to_signals(Lwp& lwp) noexcept;

// A record for an idle context that does not run yet; nullptr: out of memory.
Thread* make_idle_record(Lwp& lwp) noexcept;

}  // namespace lt
