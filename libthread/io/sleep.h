// Sleeping for a time.
#pragma once

#include "base/deadline.h"
#include "base/error.h"
#include "sched/thread.h"

namespace lt::io {

// Parks the thread until the deadline; `now` is the time of its clock. kInterrupted: a handler has
// run. A deadline that has passed lets other threads run first all the same. Acts on a
// cancellation.
Error sleep_until(Thread& self, const Deadline& deadline, std::int64_t now);

}  // namespace lt::io
