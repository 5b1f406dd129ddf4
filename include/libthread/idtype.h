/* idtype.h - what kinds of ids there are: waitid(2), processor_bind(2), priocntl(2). */
#ifndef _LIBTHREAD_IDTYPE_H
#define _LIBTHREAD_IDTYPE_H

#if defined(__GNUC__)
#pragma GCC system_header
#endif

/*
 * glibc's idtype_t with Solaris' other kinds beside it. Names that both have keep Linux' numbers,
 * which waitid hands to the kernel; the others have Solaris' where these are free (P_PPID and P_SID
 * are not). Which kinds a call takes is its own affair.
 */
#ifndef __idtype_t_defined
#define __idtype_t_defined
typedef enum {
    P_ALL = 0,
    P_PID = 1,
    P_PGID = 2,
    P_PIDFD = 3,
    P_CID = 4,
    P_UID = 5,
    P_GID = 6,
    P_LWPID = 8,
    P_TASKID = 9,
    P_PROJID = 10,
    P_POOLID = 11,
    P_ZONEID = 12,
    P_CTID = 13,
    P_CPUID = 14,
    P_PSETID = 15,
    P_PPID = 17,
    P_SID = 19
} idtype_t;
#define P_PIDFD P_PIDFD
#endif

#endif /* _LIBTHREAD_IDTYPE_H */
