#include "sched/records.h"

#include <libthread/inspect_abi.h>

#include "sched/settings.h"

extern "C" lwpt_debug lwp_debug;

namespace lt {

static_assert(sizeof(Thread) == 8 * kCacheLine, "a million of them never go back");

constinit ThreadRecords thread_records{lwp_debug.thread_slabs, &lwp_debug.thread_slab_count};
constinit Process process;
constinit Settings settings;
constinit LT_TLS Thread* current_thread = nullptr;

}  // namespace lt
