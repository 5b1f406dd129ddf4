// System calls that concern the process, but that the kernel makes for the calling task alone:
// set*id and their kin.
#pragma once

namespace lt::os {

// Makes the call here and, if it succeeds, on every other kernel task of the process, those
// included that are made meanwhile. Returns 0 or the error number of the first one. The caller must
// stay on its LWP.
int call_on_every_task(long number, long a, long b = 0, long c = 0) noexcept;

// Between these two no other thread begins such a call, and none is under way: the new program of a
// thread in exec would meet the signal. A call that has waited for a second is made all the same:
// it may come from a handler on the thread that it waits for.
void hold_calls_on_every_task() noexcept;
void release_calls_on_every_task() noexcept;

}  // namespace lt::os
