/*
 * sys/tspriocntl.h - the parameters of the time-sharing class: priocntl(2).
 *
 * User priorities -60 to 60 are Linux' nice values 19 to -20, three to one. The limit ts_uprilim
 * that is read is what RLIMIT_NICE and privileges allow; one that is set caps ts_upri and is not
 * kept.
 */
#ifndef _SYS_TSPRIOCNTL_H
#define _SYS_TSPRIOCNTL_H

#include <sys/priocntl.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TS_NOCHANGE (-32768)

/* Keys of PC_SETXPARMS and PC_GETXPARMS. */
#define TS_KY_UPRILIM 1 /* pri_t */
#define TS_KY_UPRI 2    /* pri_t */

typedef struct tsparms {
    pri_t ts_uprilim;
    pri_t ts_upri;
} tsparms_t;

typedef struct tsinfo {
    pri_t ts_maxupri;
} tsinfo_t;

#ifdef __cplusplus
}
#endif

#endif /* _SYS_TSPRIOCNTL_H */
