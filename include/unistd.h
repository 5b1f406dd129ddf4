/* unistd.h - the system's header with the Solaris additions. */
#ifndef _LIBTHREAD_UNISTD_H
#define _LIBTHREAD_UNISTD_H

#if defined(__GNUC__)
#pragma GCC system_header
#endif

#include_next <unistd.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * fork1(2): a child process with the calling thread alone, as fork() makes it. Handlers of
 * pthread_atfork run. Returns 0 in the child and its process id in the parent; -1 and errno:
 *   EAGAIN  a limit on processes was reached
 *   ENOMEM  no memory
 */
__pid_t fork1(void);

/*
 * forkall(2): a child process with all threads, each of which goes on there where it was, also in
 * the middle of a call. Handlers of pthread_atfork do not run. Returns 0 in the child's copy of the
 * calling thread, and in the parent the child's process id; -1 and errno:
 *   EAGAIN  a limit on processes was reached, or the threads could not all be stopped for the copy
 *   ENOMEM  no memory
 *   ENOTSUP the kernel does not tell what it takes
 */
__pid_t forkall(void);

#ifdef __cplusplus
}
#endif

#endif /* _LIBTHREAD_UNISTD_H */
