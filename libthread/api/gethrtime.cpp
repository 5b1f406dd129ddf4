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
    ProcessorMeter& meter = self.meter;
    const std::int64_t now = os::read_clock(CLOCK_THREAD_CPUTIME_ID);
    if (!self.processor.metered) {
        meter.used_ns = meter.since = now;
        self.processor.metered = true;
    }
    return meter.used_ns + now - meter.since;
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
