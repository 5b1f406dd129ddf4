/* sys/fork.h - fork with flags. */
#ifndef _LIBTHREAD_SYS_FORK_H
#define _LIBTHREAD_SYS_FORK_H

#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#define FORK_NOSIGCHLD 0x0001 /* the child's end does not send SIGCHLD to this process */
#define FORK_WAITPID 0x0002   /* only a wait for this child by its id reaps it */

/*
 * forkx(2): fork1() with flags. -1 and errno:
 *   EINVAL  an undefined flag
 *   EAGAIN  a limit on processes was reached, or 256 children made with flags wait to be reaped
 *   ENOMEM  no memory
 */
pid_t forkx(int flags);

/*
 * forkallx(2): forkall() (see <unistd.h>) with the same flags and errors, and:
 *   ENOTSUP  as for forkall()
 */
pid_t forkallx(int flags);

#ifdef __cplusplus
}
#endif

#endif /* _LIBTHREAD_SYS_FORK_H */
