/* semaphore.h - the system's header with the Solaris addition. */
#ifndef _LIBTHREAD_SEMAPHORE_H
#define _LIBTHREAD_SEMAPHORE_H

#if defined(__GNUC__)
#pragma GCC system_header
#endif

#include_next <semaphore.h>

#include <time.h>

#ifdef __cplusplus
extern "C" {
#endif

struct timespec;

/*
 * sem_reltimedwait_np(3C): sem_wait(3C) for no longer than `reltime`, on the monotonic clock.
 * Returns 0; -1 and errno:
 *   ETIMEDOUT  the time is over
 *   EINTR      a signal was caught
 *   EINVAL     `reltime` is negative or has bad nanoseconds, and the call would wait
 */
int sem_reltimedwait_np(sem_t *sem, const struct timespec *reltime);

#ifdef __cplusplus
}
#endif

#endif /* _LIBTHREAD_SEMAPHORE_H */
