// Where thread records come from.
#pragma once

#include "os/slab.h"
#include "sched/thread.h"

namespace lt {

using ThreadRecords = os::SlabPool<Thread, 256>;
extern ThreadRecords thread_records;

// Every thread starts inside the critical region in which it is first switched to.
inline constexpr std::uint32_t kFirstDepth = 1;

}  // namespace lt
