/* pthread.h - the system's header with the Solaris additions. */
#ifndef _LIBTHREAD_PTHREAD_H
#define _LIBTHREAD_PTHREAD_H

#if defined(__GNUC__)
#pragma GCC system_header
#endif

#include_next <pthread.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Daemon state of a thread's attributes: see pthread_attr_setdaemonstate_np. */
#define PTHREAD_CREATE_NONDAEMON_NP 0
#define PTHREAD_CREATE_DAEMON_NP 0x100

/* A key for pthread_key_create_once_np that has not been made yet. */
#define PTHREAD_ONCE_KEY_NP ((pthread_key_t)(-1))

/* Solaris' name for PTHREAD_MUTEX_STALLED_NP. */
#define PTHREAD_MUTEX_STALL_NP 0

/*
 * Waits for no longer than `reltime`, on the monotonic clock. They return 0 or an error number:
 *   ETIMEDOUT  the time is over
 *   EINVAL     `reltime` is negative or has bad nanoseconds, and the call would wait (the wait for
 *              a condition: at once)
 * and otherwise what pthread_mutex_timedlock(3C), pthread_cond_timedwait(3C),
 * pthread_rwlock_timedrdlock(3C) and pthread_rwlock_timedwrlock(3C) return.
 */
int pthread_mutex_reltimedlock_np(pthread_mutex_t *mutex, const struct timespec *reltime);
int pthread_cond_reltimedwait_np(pthread_cond_t *cond, pthread_mutex_t *mutex,
                                 const struct timespec *reltime);
#if defined __USE_UNIX98 || defined __USE_XOPEN2K
int pthread_rwlock_reltimedrdlock_np(pthread_rwlock_t *rwlock, const struct timespec *reltime);
int pthread_rwlock_reltimedwrlock_np(pthread_rwlock_t *rwlock, const struct timespec *reltime);
#endif

/* Older names of pthread_mutexattr_setrobust(3C) and so on; glibc declares them for _GNU_SOURCE. */
#ifndef __USE_GNU
int pthread_mutexattr_setrobust_np(pthread_mutexattr_t *attr, int robustness);
int pthread_mutexattr_getrobust_np(const pthread_mutexattr_t *attr, int *robustness);
int pthread_mutex_consistent_np(pthread_mutex_t *mutex);
#endif

/*
 * pthread_attr_setdaemonstate_np(3C): a thread made with PTHREAD_CREATE_DAEMON_NP does not keep the
 * process alive when all others have ended, and its end does not end it. Both return 0 or
 *   EINVAL  `state` is neither PTHREAD_CREATE_DAEMON_NP nor PTHREAD_CREATE_NONDAEMON_NP
 */
int pthread_attr_setdaemonstate_np(pthread_attr_t *attr, int state);
int pthread_attr_getdaemonstate_np(const pthread_attr_t *attr, int *state);

/*
 * pthread_key_create_once_np(3C): makes a key the first time, whoever calls: `*key` is defined as
 * PTHREAD_ONCE_KEY_NP. Returns 0, or EAGAIN or ENOMEM as pthread_key_create(3C) does.
 */
int pthread_key_create_once_np(pthread_key_t *key, void (*destructor)(void *));

#ifdef __cplusplus
}
#endif

#endif /* _LIBTHREAD_PTHREAD_H */
