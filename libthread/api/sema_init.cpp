// sema_init(3C).
#include <synch.h>

#include "api/sync_arguments.h"
#include "sync/cancellation.h"
#include "sync/sema.h"

LT_EXPORT int sema_init(sema_t* sp, unsigned int count, int type, void* /*arg*/)
{
    if (!lt::is_scope(type) || count > lt::kSemaMax) {
        return EINVAL;
    }
    const int error =
        lt::initialise<lt::SemaWords>(sp, static_cast<std::uint16_t>(type), SEMA_MAGIC);
    std::memcpy(sp, &count, sizeof(count));
    return error;
}

LT_EXPORT int sema_destroy(sema_t* sp)
{
    lt::words_of(sp).magic = 0;
    return 0;
}

LT_EXPORT int sema_wait(sema_t* sp)
{
    lt::Thread& self = lt::current();
    lt::act_on_cancellation(self);
    lt::SemaWords& sema = lt::words_of(sp);
    if (lt::try_wait_sema(sema)) {
        return 0;
    }
    return lt::to_errno(lt::wait_sema(self, sema, nullptr));
}

LT_EXPORT int sema_timedwait(sema_t* sp, const timestruc_t* abstime)
{
    lt::Thread& self = lt::current();
    lt::act_on_cancellation(self);
    lt::SemaWords& sema = lt::words_of(sp);
    if (lt::try_wait_sema(sema)) {
        return 0;
    }
    if (!lt::has_valid_nanos(*abstime)) {
        return EINVAL;
    }
    const lt::Deadline deadline = lt::absolute_deadline(*abstime);
    return lt::to_errno(lt::wait_sema(self, sema, &deadline));
}

LT_EXPORT int sema_reltimedwait(sema_t* sp, const timestruc_t* reltime)
{
    lt::Thread& self = lt::current();
    lt::act_on_cancellation(self);
    lt::SemaWords& sema = lt::words_of(sp);
    if (lt::try_wait_sema(sema)) {
        return 0;
    }
    if (!lt::is_valid_interval(*reltime)) {
        return EINVAL;
    }
    const lt::Deadline deadline = lt::deadline_after(*reltime);
    return lt::to_errno(lt::wait_sema(self, sema, &deadline));
}

LT_EXPORT int sema_trywait(sema_t* sp)
{
    return lt::try_wait_sema(lt::words_of(sp)) ? 0 : EBUSY;
}

LT_EXPORT int sema_post(sema_t* sp)
{
    return lt::to_errno(lt::post_sema(lt::current(), lt::words_of(sp)));
}

LT_EXPORT int sema_held(sema_t* sp)
{
    // relaxed: an answer for assertions.
    const std::uint64_t state = lt::state_of(lt::words_of(sp)).load(lt::memory_order_relaxed);
    return lt::sema_count(state) == 0 ? 1 : 0;
}

LT_ALIAS(_sema_init, sema_init);
LT_ALIAS(_sema_destroy, sema_destroy);
LT_ALIAS(_sema_wait, sema_wait);
LT_ALIAS(_sema_trywait, sema_trywait);
LT_ALIAS(_sema_post, sema_post);
LT_ALIAS(_sema_held, sema_held);
