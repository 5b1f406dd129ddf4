// System calls that are known to hold an LWP.
#pragma once

#include "sched/thread.h"

namespace lt {

// An unbound thread is about to wait in the kernel. Threads that wait to run get another LWP at
// once, instead of when the clock LWP notices. In no critical region.
void expect_to_block(Thread& self) noexcept;

}  // namespace lt
