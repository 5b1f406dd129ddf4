/*
 * sys/rtpriocntl.h - the parameters of the real-time class: priocntl(2).
 *
 * Priority p is Linux' real-time priority p + 1. The kernel has one time quantum for all: an
 * infinite one is SCHED_FIFO, every other SCHED_RR.
 */
#ifndef _SYS_RTPRIOCNTL_H
#define _SYS_RTPRIOCNTL_H

#include <sys/priocntl.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Values of rt_tqnsecs that are no number of nanoseconds. */
#define RT_NOCHANGE (-1) /* of rt_pri too */
#define RT_TQINF (-2)
#define RT_TQDEF (-3)

/* Keys of PC_SETXPARMS and PC_GETXPARMS. */
#define RT_KY_PRI 1     /* pri_t */
#define RT_KY_TQSECS 2  /* uint_t */
#define RT_KY_TQNSECS 3 /* int */

typedef struct rtparms {
    pri_t rt_pri;
    uint_t rt_tqsecs;
    int rt_tqnsecs;
} rtparms_t;

typedef struct rtinfo {
    pri_t rt_maxpri;
} rtinfo_t;

#ifdef __cplusplus
}
#endif

#endif /* _SYS_RTPRIOCNTL_H */
