// thr_join(3C)
#include <thread.h>

#include "base/compiler.h"
#include "thread/life.h"

LT_EXPORT int thr_join(thread_t target, thread_t* departed, void** status)
{
    lt::Thread& self = lt::current();
    const lt::Joined joined = target == 0 ? lt::join_any_thread(self, lt::OnSignal::kGoOn)
                                          : lt::join_thread(self, target, lt::OnSignal::kGoOn);
    if (joined.error != lt::Error::kNone) {
        return lt::to_errno(joined.error);
    }
    if (departed != nullptr) {
        *departed = joined.id;
    }
    if (status != nullptr) {
        *status = joined.status;
    }
    return 0;
}

LT_ALIAS(_thr_join, thr_join);
