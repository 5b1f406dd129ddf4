// thr_setprio(3C)
#include <thread.h>

#include "base/compiler.h"
#include "thread/priority.h"

LT_EXPORT int thr_setprio(thread_t tid, int priority)
{
    return lt::to_errno(lt::set_priority(lt::current(), tid, priority));
}

LT_EXPORT int thr_getprio(thread_t tid, int* priority)
{
    return lt::to_errno(lt::get_priority(lt::current(), tid, *priority));
}

LT_ALIAS(_thr_setprio, thr_setprio);
LT_ALIAS(_thr_getprio, thr_getprio);
