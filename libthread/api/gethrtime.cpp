// gethrtime(3C)
#include <thread.h>

#include "base/compiler.h"
#include "os/clock.h"

LT_EXPORT hrtime_t gethrtime(void)
{
    return lt::os::monotonic_now();
}

LT_EXPORT hrtime_t gethrvtime(void)
{
    return lt::os::read_clock(CLOCK_THREAD_CPUTIME_ID);
}
