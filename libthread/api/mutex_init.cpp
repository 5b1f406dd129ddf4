// mutex_init(3C), and mutex_held.
#include <synch.h>

#include <sched.h>

#include "api/sync_arguments.h"
#include "sync/mutex.h"
#include "sync/special_mutex.h"

namespace lt {
namespace {

constexpr int kKnownTypes = USYNC_PROCESS | LOCK_ERRORCHECK | LOCK_RECURSIVE |
                            USYNC_PROCESS_ROBUST | LOCK_PRIO_INHERIT | LOCK_PRIO_PROTECT |
                            LOCK_ROBUST;
constexpr int kPriorityProtocols = LOCK_PRIO_INHERIT | LOCK_PRIO_PROTECT;

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
    return 0;
}

// Type, depth and magic as one number: an object is initialised from the moment it is there.
Atomic<std::uint32_t>& header_of(MutexWords& mutex)
{
    return *reinterpret_cast<Atomic<std::uint32_t>*>(reinterpret_cast<char*>(&mutex) +
                                                     offsetof(MutexWords, type));
}

constexpr std::uint32_t kHeaderDepth = 0xff00;

// Every process that uses the mutex may initialise it; the first one does.
int initialise_robust(mutex_t* object, std::uint32_t type, std::uint32_t flags)
{
    MutexWords& mutex = words_of(object);
    const std::uint32_t header = type | std::uint32_t{MUTEX_MAGIC} << 16;
    // acquire: pairs with the release below.
    std::uint32_t seen = header_of(mutex).load(memory_order_acquire);
    for (;;) {
        if ((seen >> 16) == MUTEX_MAGIC && (seen & kTypeRobust) != 0) {
            if ((seen & ~kHeaderDepth) != header) {
                return EINVAL;
            }
            // As of old: the holder of an inconsistent one repairs it so.
            return make_consistent(current(), mutex) == Error::kNone ? 0 : EBUSY;
        }
        if (seen != 0) {
            std::memset(object, 0, sizeof(*object));
            seen = 0;
        }
        mutex.flags.store(flags, memory_order_relaxed);  // relaxed: published with the header
        // release: the flags; acquire: as above.
        if (header_of(mutex).compare_exchange_strong(seen, header, memory_order_acq_rel,
                                                     memory_order_acquire)) {
            return 0;
        }
    }
}

}  // namespace
}  // namespace lt

LT_EXPORT int mutex_init(mutex_t* mp, int type, void* arg)
{
    if (const int error = lt::check_mutex_type(type, arg); error != 0) {
        return error;
    }
    if ((type & USYNC_PROCESS_ROBUST) != 0) {
        type |= USYNC_PROCESS | LOCK_ROBUST;
    }
    std::uint32_t flags = 0;
    if ((type & LOCK_PRIO_PROTECT) != 0) {
        flags = static_cast<std::uint32_t>(*static_cast<const int*>(arg)) << lt::kMutexCeilingShift;
    }
    if ((type & LOCK_ROBUST) != 0 && lt::is_aligned(mp)) {
        return lt::initialise_robust(mp, static_cast<std::uint32_t>(type), flags);
    }
    const int error =
        lt::initialise<lt::MutexWords>(mp, static_cast<std::uint8_t>(type), MUTEX_MAGIC);
    if (flags != 0 && lt::is_aligned(mp)) {
        // relaxed: nobody uses it yet.
        lt::words_of(mp).flags.store(flags, lt::memory_order_relaxed);
    }
    return error;
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

LT_EXPORT int mutex_consistent(mutex_t* mp)
{
    return lt::to_errno(lt::make_consistent(lt::current(), lt::words_of(mp)));
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
