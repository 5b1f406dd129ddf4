// thr_continue(3C)
#include <thread.h>

#include "base/compiler.h"
#include "thread/life.h"

LT_EXPORT int thr_continue(thread_t tid)
{
    return lt::to_errno(lt::continue_thread(lt::current(), tid));
}

LT_ALIAS(_thr_continue, thr_continue);
