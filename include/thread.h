/*
 * thread.h - the Solaris threads interface.
 *
 * Every int function returns 0 or an error number from <errno.h>; none sets errno. Thread ids are
 * small integers: the initial thread is 1, the first thread created 2, and so on.
 */
#ifndef _THREAD_H
#define _THREAD_H

#include <signal.h>
#include <stddef.h>
#include <sys/time.h>

#include <synch.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef unsigned int thread_t;
typedef unsigned int thread_key_t;

/* Flags of thr_create; unknown bits are ignored. */
#define THR_BOUND 0x00000001     /* a light-weight process of its own, for life */
#define THR_NEW_LWP 0x00000002   /* one more light-weight process for the pool */
#define THR_DETACHED 0x00000040  /* nobody joins it */
#define THR_SUSPENDED 0x00000080 /* does not start before thr_continue */
#define THR_DAEMON 0x00000100    /* does not keep the process alive; implies THR_DETACHED */

/* A key for thr_keycreate_once that has not been made yet. */
#define THR_ONCE_KEY 0xffffffffU

/* Overridable answers for assertions in single-threaded builds. */
#ifndef NO_LOCKS_HELD
#define NO_LOCKS_HELD 1
#endif
#ifndef NO_COMPETING_THREADS
#define NO_COMPETING_THREADS 1
#endif

/*
 * thr_create(3C): starts a thread that calls start(arg). `stack_base` is the low end of a stack of
 * `stack_size` bytes that the caller owns until the thread was joined; NULL asks the library for a
 * stack of at least `stack_size` bytes (0: 2 MiB) with a guard page. The id is stored through
 * `new_thread`, which may be NULL, before the thread runs.
 *   EAGAIN  a limit on threads or light-weight processes was reached
 *   EINVAL  a stack of less than thr_min_stack() bytes, or start is NULL
 *   ENOMEM  no memory for a stack
 */
int thr_create(void *stack_base, size_t stack_size, void *(*start)(void *), void *arg, long flags,
               thread_t *new_thread);

/* thr_exit(3C): ends the calling thread. When the last thread that is no daemon ends, the process
 * does as if by exit(0). Does not return. */
#if defined(__GNUC__)
void thr_exit(void *status) __attribute__((__noreturn__));
#else
void thr_exit(void *status);
#endif

/*
 * thr_join(3C): waits for `tid`, or for any undetached thread when `tid` is 0. Stores the id and
 * the exit status where asked. When it returns, the thread has left its stack.
 *   ESRCH    no such undetached thread, or another joiner was first
 *   EDEADLK  tid is the caller, or 0 with nothing left that could be joined
 * A cancellation point; not interrupted by signals.
 */
int thr_join(thread_t tid, thread_t *departed, void **status);

/* thr_self(3C), thr_main(3C): the caller's id; 1 in the initial thread, 0 elsewhere. */
thread_t thr_self(void);
int thr_main(void);

/* thr_yield(3C): lets other threads of the same or a higher priority run. */
void thr_yield(void);

/* thr_min_stack(3C): the least stack, in bytes, that thr_create accepts. */
size_t thr_min_stack(void);
#define THR_MIN_STACK thr_min_stack()

#if defined(__stack_t_defined)
/* thr_stksegment(3C): the caller's stack; ss_sp is its HIGH end. 0. */
int thr_stksegment(stack_t *ss);
#endif

/*
 * thr_suspend(3C): stops a thread wherever it is; when it returns, the thread is not running. There
 * is no count: one thr_continue(3C) undoes any number of calls, and starts a thread made with
 * THR_SUSPENDED. A suspended thread keeps its locks, those of the C library included; wake-ups and
 * signals wait for it.
 *   ESRCH no such live thread
 */
int thr_suspend(thread_t tid);
int thr_continue(thread_t tid);

/*
 * thr_setconcurrency(3C): how many light-weight processes should run unbound threads; a hint.
 *   EINVAL negative; EAGAIN above 65536. thr_getconcurrency returns the level asked for.
 */
int thr_setconcurrency(int new_level);
int thr_getconcurrency(void);

/*
 * thr_setprio(3C): priorities 0 to 127 order run queues and wake-ups.
 *   ESRCH no such live thread; EINVAL outside that range
 */
int thr_setprio(thread_t tid, int priority);
int thr_getprio(thread_t tid, int *priority);

/* thr_kill(3C): sends `sig` (0: only asks) to one thread. ESRCH, EINVAL. */
int thr_kill(thread_t tid, int sig);
#if defined(__sigset_t_defined)
/* thr_sigsetmask(3C): the caller's signal mask. EINVAL bad `how` with a set. */
int thr_sigsetmask(int how, const sigset_t *set, sigset_t *oset);
#endif

/*
 * thr_keycreate(3C): thread-specific data. Destructors run when a thread ends, repeatedly until no
 * value is left. thr_keycreate_once makes a key once, in *keyp initialised with THR_ONCE_KEY.
 *   EAGAIN no more keys; ENOMEM; EINVAL (set and get) no such key
 */
int thr_keycreate(thread_key_t *keyp, void (*destructor)(void *));
int thr_keycreate_once(thread_key_t *keyp, void (*destructor)(void *));
int thr_setspecific(thread_key_t key, void *value);
int thr_getspecific(thread_key_t key, void **valuep);

#ifdef __cplusplus
}
#endif

#endif /* _THREAD_H */
