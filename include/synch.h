/*
 * synch.h - Solaris synchronisation objects: mutexes, condition variables, semaphores and
 * readers/writer locks.
 *
 * Every function returns 0 or an error number from <errno.h>; none sets errno. An object whose
 * bytes are all zero is initialised and ready, private to the process. Objects must not be copied
 * while in use. Manual pages: mutex_init(3C), cond_init(3C), sema_init(3C), rwlock_init(3C).
 */
#ifndef _SYNCH_H
#define _SYNCH_H

#include <errno.h>

#include <libthread/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Scope of an object: the `type` argument of every *_init function. */
#define USYNC_THREAD 0x00  /* threads of this process */
#define USYNC_PROCESS 0x01 /* all processes that map the object */

/* Further bits of a mutex's type. */
#define LOCK_NORMAL 0x00
#define LOCK_ERRORCHECK 0x02
#define LOCK_RECURSIVE 0x04
#define USYNC_PROCESS_ROBUST 0x08
#define LOCK_PRIO_NONE 0x00
#define LOCK_PRIO_INHERIT 0x10
#define LOCK_PRIO_PROTECT 0x20
#define LOCK_STALL_NP 0x00
#define LOCK_ROBUST 0x40
#define LOCK_ROBUST_NP 0x40

/* Marks of an initialised object; zero is accepted too. */
#define MUTEX_MAGIC 0x4d58
#define SEMA_MAGIC 0x534d
#define COND_MAGIC 0x4356
#define RWL_MAGIC 0x5257

/* The objects. Sizes are Solaris' (24, 16, 48, 64 bytes); the words belong to the library. */
typedef union {
    unsigned int mutex_word[6];
    void *mutex_align;
} mutex_t;

typedef union {
    unsigned int cond_word[4];
    void *cond_align;
} cond_t;

typedef union {
    unsigned int sema_word[12];
    void *sema_align;
} sema_t;

typedef union {
    unsigned int rwlock_word[16];
    void *rwlock_align;
} rwlock_t;

typedef mutex_t lwp_mutex_t;
typedef cond_t lwp_cond_t;
typedef rwlock_t lwp_rwlock_t;

typedef union {
    unsigned int sema_word[6];
    void *sema_align;
} lwp_sema_t;

/* Static initialisers. */
#define DEFAULTMUTEX                                  \
    {                                                 \
        {                                             \
            0, 0x4d580000U | USYNC_THREAD, 0, 0, 0, 0 \
        }                                             \
    }
#define SHAREDMUTEX                                    \
    {                                                  \
        {                                              \
            0, 0x4d580000U | USYNC_PROCESS, 0, 0, 0, 0 \
        }                                              \
    }
#define RECURSIVEMUTEX                                                 \
    {                                                                  \
        {                                                              \
            0, 0x4d580000U | USYNC_THREAD | LOCK_RECURSIVE, 0, 0, 0, 0 \
        }                                                              \
    }
#define ERRORCHECKMUTEX                                                 \
    {                                                                   \
        {                                                               \
            0, 0x4d580000U | USYNC_THREAD | LOCK_ERRORCHECK, 0, 0, 0, 0 \
        }                                                               \
    }
#define RECURSIVE_ERRORCHECKMUTEX                                                        \
    {                                                                                    \
        {                                                                                \
            0, 0x4d580000U | USYNC_THREAD | LOCK_RECURSIVE | LOCK_ERRORCHECK, 0, 0, 0, 0 \
        }                                                                                \
    }
#define DEFAULTCV                               \
    {                                           \
        {                                       \
            0, 0x43560000U | USYNC_THREAD, 0, 0 \
        }                                       \
    }
#define SHAREDCV                                 \
    {                                            \
        {                                        \
            0, 0x43560000U | USYNC_PROCESS, 0, 0 \
        }                                        \
    }
#define DEFAULTSEMA                                                     \
    {                                                                   \
        {                                                               \
            0, 0x534d0000U | USYNC_THREAD, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 \
        }                                                               \
    }
#define SHAREDSEMA                                                       \
    {                                                                    \
        {                                                                \
            0, 0x534d0000U | USYNC_PROCESS, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 \
        }                                                                \
    }
#define DEFAULTRWLOCK                                                               \
    {                                                                               \
        {                                                                           \
            0, 0x52570000U | USYNC_THREAD, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 \
        }                                                                           \
    }
#define SHAREDRWLOCK                                                                 \
    {                                                                                \
        {                                                                            \
            0, 0x52570000U | USYNC_PROCESS, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 \
        }                                                                            \
    }

/*
 * mutex_init(3C). `arg` points to the ceiling, an int, for LOCK_PRIO_PROTECT; else it is not used.
 *   mutex_init     EINVAL undefined type bits, two priority protocols, misaligned address,
 *                  a ceiling out of range, a robust mutex initialised before with another type;
 *                  EBUSY a robust mutex initialised before
 *   mutex_lock     EDEADLK error-checking mutex already held by the caller;
 *                  EAGAIN recursive mutex held 256 times. Not interrupted by signals.
 *                  Robust mutexes: EOWNERDEAD and ELOCKUNMAPPED the last owner has died or has
 *                  unmapped it, the caller has the mutex; ENOTRECOVERABLE it has not, the mutex is
 *                  lost until it is destroyed and zeroed; ENOMEM.
 *                  Ceilings: EPERM the caller is no real-time thread; EINVAL its priority is above
 *   mutex_trylock  EBUSY held by anyone, but a recursive mutex's owner succeeds; else as above
 *   mutex_unlock   EPERM error-checking, robust or priority mutex not held by the caller.
 *                  A robust mutex that is inconsistent becomes unrecoverable
 *   mutex_consistent  EINVAL unless robust, inconsistent and held by the caller
 */
int mutex_init(mutex_t *mp, int type, void *arg);
int mutex_destroy(mutex_t *mp);
int mutex_lock(mutex_t *mp);
int mutex_trylock(mutex_t *mp);
int mutex_unlock(mutex_t *mp);
int mutex_consistent(mutex_t *mp);

/*
 * cond_init(3C). The waits return with the mutex held, whatever they return.
 *   cond_init          EINVAL type other than USYNC_THREAD and USYNC_PROCESS
 *   cond_wait          EINTR a signal was caught; EPERM error-checking, robust or priority mutex
 *                      not held; EOWNERDEAD, ELOCKUNMAPPED and ENOTRECOVERABLE (the mutex is then
 *                      not held) as from mutex_lock
 *   cond_timedwait     ETIME wall-clock time `abstime` has passed; EINVAL bad nanoseconds
 *   cond_reltimedwait  ETIME `reltime` has elapsed; EINVAL bad nanoseconds or negative seconds
 * All three are cancellation points.
 */
int cond_init(cond_t *cvp, int type, void *arg);
int cond_destroy(cond_t *cvp);
int cond_wait(cond_t *cvp, mutex_t *mp);
int cond_timedwait(cond_t *cvp, mutex_t *mp, const timestruc_t *abstime);
int cond_reltimedwait(cond_t *cvp, mutex_t *mp, const timestruc_t *reltime);
int cond_signal(cond_t *cvp);
int cond_broadcast(cond_t *cvp);

/*
 * sema_init(3C).
 *   sema_init     EINVAL bad type, or count above 2147483647
 *   sema_wait     EINTR a signal was caught. A cancellation point, as the timed forms are.
 *   sema_timedwait, sema_reltimedwait  ETIME, EINTR; EINVAL bad nanoseconds when it would wait
 *   sema_trywait  EBUSY the count is 0
 *   sema_post     EOVERFLOW the count is 2147483647. May be called from a signal handler.
 */
int sema_init(sema_t *sp, unsigned int count, int type, void *arg);
int sema_destroy(sema_t *sp);
int sema_wait(sema_t *sp);
int sema_timedwait(sema_t *sp, const timestruc_t *abstime);
int sema_reltimedwait(sema_t *sp, const timestruc_t *reltime);
int sema_trywait(sema_t *sp);
int sema_post(sema_t *sp);

/*
 * rwlock_init(3C). A waiting writer keeps new readers out; a reader may read-lock again.
 *   rwlock_init   EINVAL type other than USYNC_THREAD and USYNC_PROCESS
 *   rw_rdlock     EDEADLK held for writing by the caller; EAGAIN too many read holds
 *   rw_wrlock     EDEADLK held by the caller, either way
 *   rw_tryrdlock  EBUSY held for writing, or a writer waits; rw_trywrlock  EBUSY held any way
 *   rw_unlock     EPERM not held by the caller
 */
int rwlock_init(rwlock_t *rwlp, int type, void *arg);
int rwlock_destroy(rwlock_t *rwlp);
int rw_rdlock(rwlock_t *rwlp);
int rw_wrlock(rwlock_t *rwlp);
int rw_tryrdlock(rwlock_t *rwlp);
int rw_trywrlock(rwlock_t *rwlp);
int rw_unlock(rwlock_t *rwlp);

/* mutex_held and its kin, for assertions: non-zero when the caller holds the lock (for a
 * semaphore: when its count is 0). */
int mutex_held(mutex_t *mp);
int rw_read_held(rwlock_t *rwlp);
int rw_write_held(rwlock_t *rwlp);
int sema_held(sema_t *sp);
int _mutex_held(mutex_t *mp);
int _rw_read_held(rwlock_t *rwlp);
int _rw_write_held(rwlock_t *rwlp);
int _sema_held(sema_t *sp);

#define MUTEX_HELD(x) _mutex_held(x)
#define RW_READ_HELD(x) _rw_read_held(x)
#define RW_WRITE_HELD(x) _rw_write_held(x)
#define RW_LOCK_HELD(x) (RW_READ_HELD(x) || RW_WRITE_HELD(x))
#define SEMA_HELD(x) _sema_held(x)

/*
 * _lwp_mutex_lock(2), _lwp_cond_wait(2), _lwp_sema_wait(2): the LWP layer's, which work between
 * processes. Objects must be zero to begin with.
 *   _lwp_mutex_trylock      EBUSY held
 *   _lwp_cond_wait          EINTR a signal was caught; the mutex is held on return, always
 *   _lwp_cond_timedwait     ETIME the time of day `abstime` has passed; EINVAL bad nanoseconds
 *   _lwp_cond_reltimedwait  ETIME `reltime` has elapsed; EINVAL bad nanoseconds
 *   _lwp_sema_init          EINVAL a negative count
 *   _lwp_sema_wait          EINTR a signal was caught
 *   _lwp_sema_trywait       EBUSY the count is 0
 *   _lwp_sema_post          EOVERFLOW the count is 2147483647
 */
int _lwp_mutex_lock(lwp_mutex_t *mp);
int _lwp_mutex_trylock(lwp_mutex_t *mp);
int _lwp_mutex_unlock(lwp_mutex_t *mp);
int _lwp_cond_wait(lwp_cond_t *cvp, lwp_mutex_t *mp);
int _lwp_cond_timedwait(lwp_cond_t *cvp, lwp_mutex_t *mp, timestruc_t *abstime);
int _lwp_cond_reltimedwait(lwp_cond_t *cvp, lwp_mutex_t *mp, timestruc_t *reltime);
int _lwp_cond_signal(lwp_cond_t *cvp);
int _lwp_cond_broadcast(lwp_cond_t *cvp);
int _lwp_sema_init(lwp_sema_t *sp, int count);
int _lwp_sema_wait(lwp_sema_t *sp);
int _lwp_sema_trywait(lwp_sema_t *sp);
int _lwp_sema_post(lwp_sema_t *sp);

#ifdef __cplusplus
}
#endif

#endif /* _SYNCH_H */
