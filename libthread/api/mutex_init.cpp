// mutex_init(3C), and mutex_held.
#include <synch.h>

#include <sched.h>

#include "api/sync_arguments.h"
#include "sync/mutex.h"

namespace lt {
namespace {

constexpr int kKnownTypes = USYNC_PROCESS | LOCK_ERRORCHECK | LOCK_RECURSIVE |
                            USYNC_PROCESS_ROBUST | LOCK_PRIO_INHERIT | LOCK_PRIO_PROTECT |
                            LOCK_ROBUST;
constexpr int kPriorityProtocols = LOCK_PRIO_INHERIT | LOCK_PRIO_PROTECT;
constexpr int kUnsupported = kPriorityProtocols | LOCK_ROBUST | USYNC_PROCESS_ROBUST;

bool is_ceiling(const void* argument)
{
    const int ceiling = *static_cast<const int*>(argument);
    return ceiling >= ::sched_get_priority_min(SCHED_FIFO) &&
           ceiling <= ::sched_get_priority_max(SCHED_FIFO);
}

int check_mutex_type(int type, const void* argument)
{
    if ((type & ~kKnownTypes) != 0 || (type & kPriorityProtocols) == kPriorityProtocols) {
        return EINVAL;
    }
    if ((type & LOCK_PRIO_PROTECT) != 0 && (argument == nullptr || !is_ceiling(argument))) {
        return EINVAL;
    }
    return (type & kUnsupported) != 0 ? ENOTSUP : 0;
}

}  // namespace
}  // namespace lt

LT_EXPORT int mutex_init(mutex_t* mp, int type, void* arg)
{
    if (const int error = lt::check_mutex_type(type, arg); error != 0) {
        return error;
    }
    return lt::initialise<lt::MutexWords>(mp, static_cast<std::uint8_t>(type), MUTEX_MAGIC);
}

LT_EXPORT int mutex_destroy(mutex_t* mp)
{
    lt::words_of(mp).magic = 0;
    return 0;
}

LT_EXPORT int mutex_lock(mutex_t* mp)
{
    return lt::to_errno(lt::lock_mutex(lt::current(), lt::words_of(mp)));
}

LT_EXPORT int mutex_trylock(mutex_t* mp)
{
    return lt::to_errno(lt::try_lock_mutex(lt::current(), lt::words_of(mp)));
}

LT_EXPORT int mutex_unlock(mutex_t* mp)
{
    return lt::to_errno(lt::unlock_mutex(lt::current(), lt::words_of(mp)));
}

LT_EXPORT int mutex_held(mutex_t* mp)
{
    return lt::holds_mutex(lt::current(), lt::words_of(mp)) ? 1 : 0;
}

LT_ALIAS(_mutex_init, mutex_init);
LT_ALIAS(_mutex_destroy, mutex_destroy);
LT_ALIAS(_mutex_lock, mutex_lock);
LT_ALIAS(_mutex_trylock, mutex_trylock);
LT_ALIAS(_mutex_unlock, mutex_unlock);
LT_ALIAS(_mutex_held, mutex_held);
