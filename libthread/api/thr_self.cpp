// thr_self(3C), thr_main(3C)
#include <thread.h>

#include "base/compiler.h"
#include "sched/thread.h"

LT_EXPORT thread_t thr_self(void)
{
    return lt::current().number();
}

LT_EXPORT int thr_main(void)
{
    constexpr thread_t kInitialThread = 1;
    return thr_self() == kInitialThread ? 1 : 0;
}

LT_ALIAS(_thr_self, thr_self);
LT_ALIAS(_thr_main, thr_main);
