// gethrtime(3C), gethrvtime(3C)
#include <thread.h>

#include "base/compiler.h"
#include "os/clock.h"
#include "sched/critical.h"

namespace lt {
namespace {

// What the LWP used for other threads is not this one's: its switches stop and start its meter.
std::int64_t read_meter(Thread& self)
{
    const CriticalRegion region{self};
    ProcessorUse& use = self.processor;
    const std::int64_t now = os::read_clock(CLOCK_THREAD_CPUTIME_ID);
    if (!use.metered) {
        use.used_ns = use.since = now;
        use.metered = true;
    }
    return use.used_ns + now - use.since;
}

}  // namespace
}  // namespace lt

LT_EXPORT hrtime_t gethrtime(void)
{
    return lt::os::monotonic_now();
}

LT_EXPORT hrtime_t gethrvtime(void)
{
    lt::Thread& self = lt::current();
    return self.has(lt::kFlagBound) ? lt::os::read_clock(CLOCK_THREAD_CPUTIME_ID)
                                    : lt::read_meter(self);
}
