// thr_yield(3C)
#include <thread.h>

#include "base/compiler.h"
#include "sched/scheduler.h"

LT_EXPORT void thr_yield(void)
{
    lt::yield(lt::current());
}

LT_ALIAS(_thr_yield, thr_yield);
