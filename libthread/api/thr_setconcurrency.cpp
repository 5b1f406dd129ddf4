// thr_setconcurrency(3C)
#include <thread.h>

#include "base/compiler.h"
#include "sched/clock_lwp.h"
#include "sched/thread.h"

LT_EXPORT int thr_setconcurrency(int new_level)
{
    constexpr int kMostLevels = 65536;
    if (new_level < 0) {
        return EINVAL;
    }
    if (new_level > kMostLevels) {
        return EAGAIN;
    }
    const auto wanted = static_cast<std::uint32_t>(new_level);
    auto& level = lt::process.concurrency;
    std::uint32_t now = level.load(lt::memory_order_relaxed);  // relaxed: the exchange decides
    // relaxed: a hint; the clock LWP acts on it when kicked. The level only rises.
    while (wanted > now && !level.compare_exchange_weak(now, wanted, lt::memory_order_relaxed)) {}
    if (wanted > now) {
        lt::kick_clock();
    }
    return 0;
}

LT_EXPORT int thr_getconcurrency(void)
{
    // relaxed: a number for people.
    return static_cast<int>(lt::process.concurrency.load(lt::memory_order_relaxed));
}

LT_ALIAS(_thr_setconcurrency, thr_setconcurrency);
LT_ALIAS(_thr_getconcurrency, thr_getconcurrency);
