// forkall: a child with all threads of the process.
#pragma once

#include "sched/thread.h"

namespace lt {

// The child's id, 0 in the child, or a negative error number: -EAGAIN (no more tasks or processes,
// or the process could not be brought to a stop), -ENOMEM, -ENOTSUP. `flags`: ChildFlag, for which
// the child is noted before any of its threads runs.
long fork_all(Thread& self, int flags) noexcept;

}  // namespace lt
