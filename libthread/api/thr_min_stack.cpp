// thr_min_stack(3C), thr_stksegment(3C)
#include <thread.h>

#include "base/compiler.h"
#include "thread/life.h"

LT_EXPORT size_t thr_min_stack(void)
{
    return lt::kMinStack;
}

LT_EXPORT int thr_stksegment(stack_t* ss)
{
    const lt::Thread& self = lt::current();
    if (self.stack_hi == 0) {
        return EAGAIN;
    }
    ss->ss_sp = reinterpret_cast<void*>(self.stack_hi);
    ss->ss_size = self.stack_hi - self.stack_lo;
    ss->ss_flags = 0;
    return 0;
}

LT_ALIAS(_thr_min_stack, thr_min_stack);
LT_ALIAS(_thr_stksegment, thr_stksegment);
