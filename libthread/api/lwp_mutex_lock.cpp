// _lwp_mutex_lock(2), _lwp_cond_wait(2), _lwp_sema_wait(2): the objects of <synch.h>, always shared
// between processes, without an initialisation that says so.
#include <sys/lwp.h>

#include <cerrno>
#include <cstring>

#include "base/compiler.h"
#include "sync/object_layout.h"

namespace {

// The first call that sees a zeroed object makes it a shared one. All write the same.
lwp_mutex_t* shared(lwp_mutex_t* mp)
{
    std::uint8_t& type = lt::words_of(mp).type;
    if ((__atomic_load_n(&type, __ATOMIC_RELAXED) & lt::kTypeShared) == 0) {  // relaxed: above
        __atomic_fetch_or(&type, static_cast<std::uint8_t>(lt::kTypeShared),
                          __ATOMIC_RELAXED);  // relaxed: as above
    }
    return mp;
}

lwp_cond_t* shared(lwp_cond_t* cvp)
{
    std::uint16_t& type = lt::words_of(cvp).type;
    if ((__atomic_load_n(&type, __ATOMIC_RELAXED) & lt::kTypeShared) == 0) {  // relaxed: above
        __atomic_fetch_or(&type, static_cast<std::uint16_t>(lt::kTypeShared),
                          __ATOMIC_RELAXED);  // relaxed: as above
    }
    return cvp;
}

// The first words of a sema_t, which are all that a semaphore uses.
sema_t* shared(lwp_sema_t* sp)
{
    static_assert(sizeof(lwp_sema_t) >= sizeof(std::uint64_t));
    auto* const sema = reinterpret_cast<sema_t*>(sp);
    lt::Atomic<std::uint64_t>& state = lt::state_of(lt::words_of(sema));
    if ((state.load(lt::memory_order_relaxed) & lt::kSemaShared) == 0) {  // relaxed: as above
        state.fetch_or(lt::kSemaShared, lt::memory_order_relaxed);        // relaxed: as above
    }
    return sema;
}

}  // namespace

LT_EXPORT int _lwp_mutex_lock(lwp_mutex_t* mp)
{
    return mutex_lock(shared(mp));
}

LT_EXPORT int _lwp_mutex_trylock(lwp_mutex_t* mp)
{
    return mutex_trylock(shared(mp));
}

LT_EXPORT int _lwp_mutex_unlock(lwp_mutex_t* mp)
{
    return mutex_unlock(shared(mp));
}

LT_EXPORT int _lwp_cond_wait(lwp_cond_t* cvp, lwp_mutex_t* mp)
{
    return cond_wait(shared(cvp), shared(mp));
}

LT_EXPORT int _lwp_cond_timedwait(lwp_cond_t* cvp, lwp_mutex_t* mp, timestruc_t* abstime)
{
    return cond_timedwait(shared(cvp), shared(mp), abstime);
}

LT_EXPORT int _lwp_cond_reltimedwait(lwp_cond_t* cvp, lwp_mutex_t* mp, timestruc_t* reltime)
{
    return cond_reltimedwait(shared(cvp), shared(mp), reltime);
}

LT_EXPORT int _lwp_cond_signal(lwp_cond_t* cvp)
{
    return cond_signal(shared(cvp));
}

LT_EXPORT int _lwp_cond_broadcast(lwp_cond_t* cvp)
{
    return cond_broadcast(shared(cvp));
}

LT_EXPORT int _lwp_sema_init(lwp_sema_t* sp, int count)
{
    if (count < 0) {
        return EINVAL;
    }
    std::memset(sp, 0, sizeof(*sp));
    sp->sema_word[0] = static_cast<unsigned int>(count);
    sp->sema_word[1] = static_cast<unsigned int>(SEMA_MAGIC) << 16U | USYNC_PROCESS;
    return 0;
}

LT_EXPORT int _lwp_sema_wait(lwp_sema_t* sp)
{
    return sema_wait(shared(sp));
}

LT_EXPORT int _lwp_sema_trywait(lwp_sema_t* sp)
{
    return sema_trywait(shared(sp));
}

LT_EXPORT int _lwp_sema_post(lwp_sema_t* sp)
{
    return sema_post(shared(sp));
}
