// thr_kill(3C), thr_sigsetmask(3C)
#include <thread.h>

#include "base/compiler.h"
#include "os/signal_mask.h"
#include "thread/signals.h"

LT_EXPORT int thr_kill(thread_t tid, int sig)
{
    return lt::to_errno(lt::kill_thread(lt::current(), tid, lt::info_of_kill(sig)));
}

LT_EXPORT int thr_sigsetmask(int how, const sigset_t* set, sigset_t* oset)
{
    std::uint64_t before = 0;
    const std::uint64_t mask = set != nullptr ? lt::os::to_mask(*set) : 0;
    const lt::Error error =
        lt::change_mask(lt::current(), how, set != nullptr ? &mask : nullptr, &before);
    if (error == lt::Error::kNone && oset != nullptr) {
        lt::os::from_mask(before, *oset);
    }
    return lt::to_errno(error);
}

LT_ALIAS(_thr_kill, thr_kill);
LT_ALIAS(_thr_sigsetmask, thr_sigsetmask);
