/*
 * sys/processor.h - processors: which there are, and which may run a light-weight process.
 *
 * The functions return -1 and set errno on failure. Manual pages: processor_bind(2),
 * processor_info(2), p_online(2).
 */
#ifndef _SYS_PROCESSOR_H
#define _SYS_PROCESSOR_H

#include <sys/procset.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* States of a processor. */
#define P_OFFLINE 0x0001
#define P_ONLINE 0x0002
#define P_STATUS 0x0003 /* of p_online: only ask */
#define P_FAULTED 0x0004
#define P_POWEROFF 0x0005
#define P_NOINTR 0x0006
#define P_SPARE 0x0007

/* Answers and questions of processor_bind. */
#define PBIND_NONE (-1)
#define PBIND_QUERY (-2)

#define PI_TYPELEN 16
#define PI_FPUTYPE 32

typedef struct {
    int pi_state;                       /* P_ONLINE, P_OFFLINE */
    char pi_processor_type[PI_TYPELEN]; /* "i386" on all x86, as on Solaris */
    char pi_fputypes[PI_FPUTYPE];       /* "i387 compatible" */
    int pi_clock;                       /* MHz, at most; 0 unknown */
} processor_info_t;

/*
 * processor_bind(2): lets processor `processorid` alone run the light-weight processes that
 * `idtype` and `id` name: P_LWPID one of this process, P_PID all of a process; P_MYID is the
 * caller's own. PBIND_NONE ends the binding, PBIND_QUERY changes nothing. The binding before is
 * stored through `obind` unless that is NULL: a processor, or PBIND_NONE; for a process, that of
 * one of its light-weight processes. It is inherited by new threads' light-weight processes, fork
 * and exec. An unbound thread binds the light-weight process that carries it at the moment: bind
 * threads made with THR_BOUND. Returns 0, or -1 and errno:
 *   EINVAL  no such processor, or it is off line, or the processor set of the light-weight process
 *           does not have it; an idtype that is neither P_LWPID nor P_PID
 *   ESRCH   no such light-weight process or process
 *   EPERM   it is another user's
 *   EFAULT  `obind` is a bad address
 */
int processor_bind(idtype_t idtype, id_t id, processorid_t processorid, processorid_t *obind);

/* processor_info(2): stores what is known of a processor. 0, or -1 and errno:
 *   EINVAL  no such processor
 *   EFAULT  `infop` is a bad address */
int processor_info(processorid_t processorid, processor_info_t *infop);

/*
 * p_online(2): takes a processor on line (P_ONLINE) or off line (P_OFFLINE), for the whole machine,
 * or asks (P_STATUS). Returns the state before: P_ONLINE or P_OFFLINE; or -1 and errno:
 *   EINVAL   no such processor, or an undefined flag
 *   EPERM    the caller may not change it
 *   EBUSY    it is the last one, or the kernel keeps it
 *   ENOTSUP  the kernel knows no such state (P_NOINTR, P_SPARE, P_FAULTED), or cannot change it
 */
int p_online(processorid_t processorid, int flag);

/* getcpuid(3C): the processor that runs the caller at the moment. gethomelgroup(3C): the number of
 * its locality group, which is its NUMA node. */
processorid_t getcpuid(void);
uint_t gethomelgroup(void);

#ifdef __cplusplus
}
#endif

#endif /* _SYS_PROCESSOR_H */
