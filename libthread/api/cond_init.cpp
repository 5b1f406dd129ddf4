// cond_init(3C).
#include <synch.h>

#include "api/sync_arguments.h"
#include "sync/cond.h"

namespace lt {
namespace {

int wait(cond_t* cvp, mutex_t* mp, const Deadline* deadline)
{
    return to_errno(wait_cond(current(), words_of(cvp), words_of(mp), deadline));
}

}  // namespace
}  // namespace lt

LT_EXPORT int cond_init(cond_t* cvp, int type, void* /*arg*/)
{
    if (!lt::is_scope(type)) {
        return EINVAL;
    }
    return lt::initialise<lt::CondWords>(cvp, static_cast<std::uint16_t>(type), COND_MAGIC);
}

LT_EXPORT int cond_destroy(cond_t* cvp)
{
    lt::words_of(cvp).magic = 0;
    return 0;
}

LT_EXPORT int cond_wait(cond_t* cvp, mutex_t* mp)
{
    return lt::wait(cvp, mp, nullptr);
}

LT_EXPORT int cond_timedwait(cond_t* cvp, mutex_t* mp, const timestruc_t* abstime)
{
    if (!lt::has_valid_nanos(*abstime)) {
        return EINVAL;
    }
    const lt::Deadline deadline = lt::absolute_deadline(*abstime);
    return lt::wait(cvp, mp, &deadline);
}

LT_EXPORT int cond_reltimedwait(cond_t* cvp, mutex_t* mp, const timestruc_t* reltime)
{
    if (!lt::is_valid_interval(*reltime)) {
        return EINVAL;
    }
    const lt::Deadline deadline = lt::deadline_after(*reltime);
    return lt::wait(cvp, mp, &deadline);
}

LT_EXPORT int cond_signal(cond_t* cvp)
{
    lt::signal_cond(lt::current(), lt::words_of(cvp));
    return 0;
}

LT_EXPORT int cond_broadcast(cond_t* cvp)
{
    lt::broadcast_cond(lt::current(), lt::words_of(cvp));
    return 0;
}

LT_ALIAS(_cond_init, cond_init);
LT_ALIAS(_cond_destroy, cond_destroy);
LT_ALIAS(_cond_wait, cond_wait);
LT_ALIAS(_cond_timedwait, cond_timedwait);
LT_ALIAS(_cond_reltimedwait, cond_reltimedwait);
LT_ALIAS(_cond_signal, cond_signal);
LT_ALIAS(_cond_broadcast, cond_broadcast);
