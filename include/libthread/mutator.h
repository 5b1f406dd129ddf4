/*
 * libthread/mutator.h - what garbage collectors of the time used of libthread, undocumented then:
 * stopping all threads that change the heap, and looking at a stopped thread's registers.
 *
 * Functions return 0 or an error number from <errno.h>.
 */
#ifndef _LIBTHREAD_MUTATOR_H
#define _LIBTHREAD_MUTATOR_H

#include <ucontext.h>

#include <thread.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What thr_getstate says of the registers. */
#define TRS_VALID 0 /* all are there */
#define TRS_NONVOLATILE                                                                         \
    1                 /* in a call of the library: those that calls preserve, the stack pointer \
                         and the place where it stands */
#define TRS_LWPID 2   /* not used here: to be asked of the LWP */
#define TRS_INVALID 3 /* the thread is not suspended */

/*
 * thr_getstate: of a thread: a TRS code, its LWP (0: unbound), its stack as thr_stksegment tells
 * it, its registers. Any pointer may be NULL. ESRCH no such live thread.
 * thr_setstate: gives a suspended thread other registers, all of them. ESRCH; EINVAL `flag` is not
 * TRS_VALID, or thr_getstate would not say TRS_VALID.
 */
int thr_getstate(thread_t tid, int *flag, lwpid_t *lwp, stack_t *stack, gregset_t registers);
int thr_setstate(thread_t tid, int flag, gregset_t registers);

/*
 * The function that calls the program's signal handlers, and its size in bytes: a return address in
 * there tells who walks a stack that the frame above is a handler's.
 */
void thr_sighndlrinfo(void (**function)(void), int *size);

/*
 * Mutators are stopped together, apart from thr_suspend: neither's counterpart continues what the
 * other stopped.
 *   thr_setmutator            makes a thread (0: the caller) a mutator, or no more: ESRCH; EINVAL
 *                             another one that is not suspended. The caller waits while a barrier
 *                             stands, or all mutators are suspended.
 *   thr_mutators_barrier      raises the barrier (not 0) or takes it down
 *   thr_suspend_mutator       ESRCH no such thread; EINVAL no mutator
 *   thr_continue_mutator      likewise
 *   thr_suspend_allmutators   all but the caller; EINVAL they are suspended already
 *   thr_continue_allmutators  EINVAL they are not
 *   thr_wait_mutator          waits until the mutator is suspended: ESRCH, EINVAL; EWOULDBLOCK it
 * is not, and `dontwait` is not 0
 */
int thr_setmutator(thread_t tid, int enabled);
void thr_mutators_barrier(int enabled);
int thr_suspend_mutator(thread_t tid);
int thr_continue_mutator(thread_t tid);
int thr_suspend_allmutators(void);
int thr_continue_allmutators(void);
int thr_wait_mutator(thread_t tid, int dontwait);

#ifdef __cplusplus
}
#endif

#endif /* _LIBTHREAD_MUTATOR_H */
