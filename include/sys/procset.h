/*
 * sys/procset.h - sets of processes and light-weight processes, as calls name them: an idtype_t
 * (P_PID, P_LWPID, ...) and an id_t. The names are glibc's <sys/wait.h>'s and Solaris' together.
 */
#ifndef _SYS_PROCSET_H
#define _SYS_PROCSET_H

#include <libthread/idtype.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The caller: its process, or its light-weight process, as the idtype_t says. */
#define P_MYID 0xffffffffU /* -1 as an id_t, which is unsigned here */

#ifdef __cplusplus
}
#endif

#endif /* _SYS_PROCSET_H */
