#include "sched/records.h"

#include <libthread/inspect_abi.h>

#include "sched/settings.h"

extern "C" lwpt_debug lwp_debug;

namespace lt {

// With eight lines each, the first lines of all of them would share an eighth of a cache's sets.
static_assert(sizeof(Thread) == 9 * kCacheLine, "an odd number of lines, and no more than needed");

constinit ThreadRecords thread_records{lwp_debug.thread_slabs, &lwp_debug.thread_slab_count};
constinit Process process;
constinit Settings settings;
constinit LT_TLS Thread* current_thread = nullptr;

}  // namespace lt
