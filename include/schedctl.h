/*
 * schedctl.h - preemption control: a thread asks to be let run on while it holds a lock for a
 * moment.
 *
 * It is a hint. Here it holds off what the library itself would do: a thread of higher priority
 * that the caller makes runnable, or finds runnable, between schedctl_start and schedctl_stop runs
 * when the caller calls schedctl_stop, blocks or yields. The kernel's time slices end as always.
 * None of the functions fails or sets errno. Manual page: schedctl_init(3C).
 */
#ifndef _SCHEDCTL_H
#define _SCHEDCTL_H

#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The words of one thread. Only that thread may use them. */
typedef struct {
    volatile short sc_nopreempt; /* not 0: let me run on */
    volatile short sc_yield;     /* set by the library: yield at schedctl_stop */
} schedctl_t;

/* schedctl_init(3C): starts the use of preemption control by the calling thread. Returns its words,
 * always the same ones, to be handed to schedctl_start and schedctl_stop; never NULL here, though
 * programs must expect NULL. */
schedctl_t *schedctl_init(void);

/* schedctl_lookup(3C): the words of the calling thread; NULL if it has not called schedctl_init, or
 * has called schedctl_exit since. */
schedctl_t *schedctl_lookup(void);

/* schedctl_exit(3C): ends the use of preemption control by the calling thread. */
void schedctl_exit(void);

/* schedctl_start(3C), schedctl_stop(3C): begin and end of a stretch that should not be preempted;
 * it should be short. `words` is what schedctl_init returned to this thread; with NULL nothing is
 * done. They do not nest. schedctl_stop yields if a preemption was held off. */
void schedctl_start(schedctl_t *words);
void schedctl_stop(schedctl_t *words);

/* yield(3C): thr_yield() under its older name. */
void yield(void);

#ifdef __cplusplus
}
#endif

#endif /* _SCHEDCTL_H */
