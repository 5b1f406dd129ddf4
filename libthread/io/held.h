// Calls in which nothing can be tried first.
#pragma once

#include "io/waiter.h"
#include "sched/held_lwp.h"

namespace lt::io {

// The caller is about to wait in the kernel: threads that wait for an LWP get another one.
inline void hold_lwp()
{
    if (Thread* self = parking_self()) {
        expect_to_block(*self);
    }
}

}  // namespace lt::io
