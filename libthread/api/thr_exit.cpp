// thr_exit(3C)
#include <thread.h>

#include "base/compiler.h"
#include "thread/life.h"

LT_EXPORT void thr_exit(void* status)
{
    lt::exit_thread(lt::current(), status);
}

LT_ALIAS_NORETURN(_thr_exit, thr_exit);
