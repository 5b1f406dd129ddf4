// Solaris' additions to the pthread interface. They act on glibc's objects: a wait there holds the
// LWP, like every wait of glibc's, and growth keeps the others running.
#include <pthread.h>
#include <semaphore.h>

#include <cerrno>

#include "base/compiler.h"
#include "base/deadline.h"
#include "os/clock.h"
#include "os/pthread_attr.h"

namespace {

// Declared by glibc's header under other names of the linker.
extern "C" {
int set_robust(pthread_mutexattr_t* attr, int robustness) asm("pthread_mutexattr_setrobust_np");
int get_robust(const pthread_mutexattr_t* attr,
               int* robustness) asm("pthread_mutexattr_getrobust_np");
int make_consistent(pthread_mutex_t* mutex) asm("pthread_mutex_consistent_np");
}

bool is_interval(const timespec& time)
{
    return lt::has_valid_nanos(time) && time.tv_sec >= 0;
}

// When the interval that starts now is over.
timespec end_of(const timespec& interval)
{
    const std::int64_t end = lt::saturating_add(lt::os::monotonic_now(), lt::to_nanos(interval));
    return {end / lt::kNanosPerSecond, end % lt::kNanosPerSecond};
}

// What is free is had for any interval; to wait it must be a good one.
template <class Object, class Try, class Wait>
int wait_for(Object* object, const timespec* reltime, Try try_it, Wait wait)
{
    const int result = try_it(object);
    if (result != EBUSY) {
        return result;
    }
    if (!is_interval(*reltime)) {
        return EINVAL;
    }
    const timespec end = end_of(*reltime);
    return wait(object, CLOCK_MONOTONIC, &end);
}

}  // namespace

LT_EXPORT int pthread_mutex_reltimedlock_np(pthread_mutex_t* mutex, const timespec* reltime)
{
    return wait_for(mutex, reltime, ::pthread_mutex_trylock, ::pthread_mutex_clocklock);
}

LT_EXPORT int pthread_rwlock_reltimedrdlock_np(pthread_rwlock_t* rwlock, const timespec* reltime)
{
    return wait_for(rwlock, reltime, ::pthread_rwlock_tryrdlock, ::pthread_rwlock_clockrdlock);
}

LT_EXPORT int pthread_rwlock_reltimedwrlock_np(pthread_rwlock_t* rwlock, const timespec* reltime)
{
    return wait_for(rwlock, reltime, ::pthread_rwlock_trywrlock, ::pthread_rwlock_clockwrlock);
}

LT_EXPORT int pthread_cond_reltimedwait_np(pthread_cond_t* cond, pthread_mutex_t* mutex,
                                           const timespec* reltime)
{
    if (!is_interval(*reltime)) {
        return EINVAL;
    }
    const timespec end = end_of(*reltime);
    return ::pthread_cond_clockwait(cond, mutex, CLOCK_MONOTONIC, &end);
}

LT_EXPORT int sem_reltimedwait_np(sem_t* sem, const timespec* reltime)
{
    if (!is_interval(*reltime)) {
        if (::sem_trywait(sem) == 0) {
            return 0;
        }
        errno = errno == EAGAIN ? EINVAL : errno;
        return -1;
    }
    const timespec end = end_of(*reltime);
    return ::sem_clockwait(sem, CLOCK_MONOTONIC, &end);
}

LT_EXPORT int set_robust(pthread_mutexattr_t* attr, int robustness)
{
    return ::pthread_mutexattr_setrobust(attr, robustness);
}

LT_EXPORT int get_robust(const pthread_mutexattr_t* attr, int* robustness)
{
    return ::pthread_mutexattr_getrobust(attr, robustness);
}

LT_EXPORT int make_consistent(pthread_mutex_t* mutex)
{
    return ::pthread_mutex_consistent(mutex);
}

LT_EXPORT int pthread_attr_setdaemonstate_np(pthread_attr_t* attr, int state)
{
    if (state != PTHREAD_CREATE_DAEMON_NP && state != PTHREAD_CREATE_NONDAEMON_NP) {
        return EINVAL;
    }
    lt::os::mark_daemon(*attr, state == PTHREAD_CREATE_DAEMON_NP);
    return 0;
}

LT_EXPORT int pthread_attr_getdaemonstate_np(const pthread_attr_t* attr, int* state)
{
    *state =
        lt::os::is_marked_daemon(*attr) ? PTHREAD_CREATE_DAEMON_NP : PTHREAD_CREATE_NONDAEMON_NP;
    return 0;
}

LT_EXPORT int pthread_key_create_once_np(pthread_key_t* key, void (*destructor)(void*))
{
    // acquire: who finds the key finds what its maker did before.
    if (__atomic_load_n(key, __ATOMIC_ACQUIRE) != PTHREAD_ONCE_KEY_NP) {
        return 0;
    }
    pthread_key_t made = 0;
    const int error = ::pthread_key_create(&made, destructor);
    if (error != 0) {
        return error;
    }
    pthread_key_t expected = PTHREAD_ONCE_KEY_NP;
    // release and acquire: as above, for whoever comes later, and for us if another was first.
    if (!__atomic_compare_exchange_n(key, &expected, made, false, __ATOMIC_ACQ_REL,
                                     __ATOMIC_ACQUIRE)) {
        ::pthread_key_delete(made);
    }
    return 0;
}
