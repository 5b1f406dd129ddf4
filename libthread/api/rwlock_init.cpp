// rwlock_init(3C).
#include <synch.h>

#include "api/sync_arguments.h"
#include "sync/rwlock.h"

LT_EXPORT int rwlock_init(rwlock_t* rwlp, int type, void* /*arg*/)
{
    if (!lt::is_scope(type)) {
        return EINVAL;
    }
    return lt::initialise<lt::RwlockWords>(rwlp, static_cast<std::uint16_t>(type), RWL_MAGIC);
}

LT_EXPORT int rwlock_destroy(rwlock_t* rwlp)
{
    lt::words_of(rwlp).magic = 0;
    return 0;
}

LT_EXPORT int rw_rdlock(rwlock_t* rwlp)
{
    return lt::to_errno(lt::lock_read(lt::current(), lt::words_of(rwlp)));
}

LT_EXPORT int rw_wrlock(rwlock_t* rwlp)
{
    return lt::to_errno(lt::lock_write(lt::current(), lt::words_of(rwlp)));
}

LT_EXPORT int rw_tryrdlock(rwlock_t* rwlp)
{
    return lt::to_errno(lt::try_lock_read(lt::current(), lt::words_of(rwlp)));
}

LT_EXPORT int rw_trywrlock(rwlock_t* rwlp)
{
    return lt::to_errno(lt::try_lock_write(lt::current(), lt::words_of(rwlp)));
}

LT_EXPORT int rw_unlock(rwlock_t* rwlp)
{
    return lt::to_errno(lt::unlock_rwlock(lt::current(), lt::words_of(rwlp)));
}

LT_EXPORT int rw_read_held(rwlock_t* rwlp)
{
    return lt::holds_read(lt::current(), lt::words_of(rwlp)) ? 1 : 0;
}

LT_EXPORT int rw_write_held(rwlock_t* rwlp)
{
    return lt::holds_write(lt::current(), lt::words_of(rwlp)) ? 1 : 0;
}

LT_ALIAS(_rwlock_init, rwlock_init);
LT_ALIAS(_rwlock_destroy, rwlock_destroy);
LT_ALIAS(_rw_rdlock, rw_rdlock);
LT_ALIAS(_rw_wrlock, rw_wrlock);
LT_ALIAS(_rw_tryrdlock, rw_tryrdlock);
LT_ALIAS(_rw_trywrlock, rw_trywrlock);
LT_ALIAS(_rw_unlock, rw_unlock);
LT_ALIAS(_rw_read_held, rw_read_held);
LT_ALIAS(_rw_write_held, rw_write_held);
