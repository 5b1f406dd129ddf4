// thr_suspend(3C), thr_continue(3C)
#include <thread.h>

#include "base/compiler.h"
#include "thread/suspend.h"

LT_EXPORT int thr_suspend(thread_t tid)
{
    return lt::to_errno(lt::suspend_thread(lt::current(), tid, lt::kRequestStop));
}

LT_EXPORT int thr_continue(thread_t tid)
{
    return lt::to_errno(lt::continue_thread(lt::current(), tid, lt::kRequestStop));
}

LT_ALIAS(_thr_suspend, thr_suspend);
LT_ALIAS(_thr_continue, thr_continue);
