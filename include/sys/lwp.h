/*
 * sys/lwp.h - light-weight processes: the layer below threads, as it was documented up to
 * Solaris 9.
 *
 * An LWP made by _lwp_create is a kernel task of its own. Ids of LWPs and of threads are the same
 * numbers: _lwp_self is thr_self, also in a thread that is multiplexed with others. Functions
 * return 0 or an error number from <errno.h> unless said otherwise; none sets errno. Objects must
 * be zero to begin with; they may lie in memory shared between processes. Manual pages: section 2.
 */
#ifndef _SYS_LWP_H
#define _SYS_LWP_H

#include <ucontext.h>

#include <synch.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Flags of _lwp_create. */
#define LWP_DAEMON 0x00000020    /* does not keep the process alive; implies LWP_DETACHED */
#define LWP_DETACHED 0x00000040  /* nobody waits for it */
#define LWP_SUSPENDED 0x00000080 /* does not run before _lwp_continue */

/*
 * _lwp_makecontext(2): makes *ucp, all of which but uc_sigmask is written, a context that calls
 * start(arg) on the stack of `stack_size` bytes at `stack_base`, with `private_word` as its private
 * word; when start returns, the LWP ends.
 * _lwp_create(2): starts an LWP in the context *contextp, with its signal mask.
 *   EINVAL undefined flags; EFAULT no context; EAGAIN a limit was reached
 * _lwp_exit(2): ends the calling LWP; the last that is no daemon ends the process with 0.
 */
void _lwp_makecontext(ucontext_t *ucp, void (*start)(void *), void *arg, void *private_word,
                      char *stack_base, size_t stack_size);
int _lwp_create(ucontext_t *contextp, uint_t flags, lwpid_t *new_lwp);
#if defined(__GNUC__)
void _lwp_exit(void) __attribute__((__noreturn__));
#else
void _lwp_exit(void);
#endif

/*
 * _lwp_wait(2): waits for one LWP, or for any when `wait_for` is 0.
 *   EINTR a signal was caught; EDEADLK oneself, or nobody left to wait for;
 *   ESRCH no such undetached LWP
 * _lwp_detach: ESRCH no such LWP; EINVAL it is detached
 */
int _lwp_wait(lwpid_t wait_for, lwpid_t *departed);
int _lwp_detach(lwpid_t lwpid);

lwpid_t _lwp_self(void);

/* _lwp_suspend(2), _lwp_continue(2), _lwp_kill(2): as thr_suspend, thr_continue and thr_kill. ESRCH
 * no such LWP; EINVAL bad signal number. */
int _lwp_suspend(lwpid_t target);
int _lwp_continue(lwpid_t target);
int _lwp_kill(lwpid_t target, int sig);

#if defined(_STRUCT_TIMESPEC)
/* _lwp_info(2): processor time that the caller used. EFAULT no buffer. */
struct lwpinfo {
    timestruc_t lwp_utime;
    timestruc_t lwp_stime;
    long lwpinfo_pad[64];
};
int _lwp_info(struct lwpinfo *buffer);
#endif

/* _lwp_setprivate(2): one word for each LWP. */
void _lwp_setprivate(void *word);
void *_lwp_getprivate(void);

/* _lwp_mutex_lock(2), _lwp_cond_wait(2), _lwp_sema_wait(2) and their kin stand in <synch.h>. */

/*
 * What the two-level library itself was built on. _signotifywait waits for a signal sent to the
 * process that no thread takes, and returns its number; -1 and errno on failure. _lwp_sigredirect
 * sends it to one LWP (0: nobody) and stores 0 through `queued`, which may be NULL.
 *   EINVAL bad signal number; ESRCH no such LWP
 */
int _signotifywait(void);
int _lwp_sigredirect(lwpid_t target, int sig, int *queued);

/* The names of the system calls themselves. */
int lwp_create(ucontext_t *contextp, uint_t flags, lwpid_t *new_lwp);
void lwp_exit(void);
int lwp_wait(lwpid_t wait_for, lwpid_t *departed);
lwpid_t lwp_self(void);
void lwp_yield(void);
int lwp_suspend(lwpid_t target);
int lwp_continue(lwpid_t target);
int lwp_kill(lwpid_t target, int sig);
int __lwp_create(ucontext_t *contextp, uint_t flags, lwpid_t *new_lwp);
int __lwp_wait(lwpid_t wait_for, lwpid_t *departed);
int __lwp_detach(lwpid_t lwpid);
lwpid_t __lwp_self(void);
int __lwp_suspend(lwpid_t target);
int __lwp_continue(lwpid_t target);
int __lwp_kill(lwpid_t target, int sig);

#ifdef __cplusplus
}
#endif

#endif /* _SYS_LWP_H */
