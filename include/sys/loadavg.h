/*
 * sys/loadavg.h - load averages: getloadavg(3C), which glibc's <stdlib.h> declares.
 */
#ifndef _SYS_LOADAVG_H
#define _SYS_LOADAVG_H

#include <stdlib.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Indices of the result. */
#define LOADAVG_1MIN 0
#define LOADAVG_5MIN 1
#define LOADAVG_15MIN 2
#define LOADAVG_NSTATS 3

#ifdef __cplusplus
}
#endif

#endif /* _SYS_LOADAVG_H */
