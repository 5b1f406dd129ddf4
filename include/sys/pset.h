/*
 * sys/pset.h - processor sets: groups of processors that only what is bound to them may use.
 *
 * Linux has no such sets: these are known to this process alone, and restrict it alone. No
 * privilege is needed. The functions return -1 and set errno on failure. Manual pages:
 * pset_create(2), pset_bind(2), pset_info(2), pset_list(2), pset_getloadavg(3C).
 */
#ifndef _SYS_PSET_H
#define _SYS_PSET_H

#include <sys/procset.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Not a set: the processors that no set has. */
#define PS_NONE (-1)
#define PS_QUERY (-2) /* of pset_assign and pset_bind: only ask */
#define PS_MYID (-3)  /* the set to which the caller is bound */

/* Types of sets. */
#define PS_SYSTEM 1
#define PS_PRIVATE 2

/* pset_create(2): makes an empty set and stores its number. 0, or -1 and errno:
 *   ENOMEM  64 sets exist
 *   EFAULT  `newpset` is a bad address */
int pset_create(psetid_t *newpset);

/* pset_destroy(2): what is bound to the set is bound to none, its processors belong to none. 0, or
 * -1 and errno:
 *   EINVAL  no such set */
int pset_destroy(psetid_t pset);

/*
 * pset_assign(2): moves processor `cpu` to `pset` (PS_NONE: to none; PS_QUERY: no change). The set
 * before is stored through `opset` unless that is NULL. Light-weight processes of this process that
 * are not bound to the set leave the processor. 0, or -1 and errno:
 *   EINVAL  no such set; no such processor, or it is off line; no processor would be left without a
 *           set
 *   EBUSY   a light-weight process is bound to the processor, or something is bound to the set that
 *           would lose its last processor
 *   EFAULT  `opset` is a bad address
 */
int pset_assign(psetid_t pset, processorid_t cpu, psetid_t *opset);

/*
 * pset_bind(2): binds what `idtype` and `id` name to the processors of a set: P_LWPID a
 * light-weight process of this process, P_PID this process; P_MYID is the caller's own. PS_NONE
 * ends the binding, PS_QUERY only asks. The set before is stored through `opset` unless that is
 * NULL: for a process, that of one of its light-weight processes. Inherited by new threads'
 * light-weight processes. 0, or -1 and errno: EINVAL  no such set, or it is empty; another idtype
 *   EBUSY   the light-weight process is bound to a processor outside the set
 *   ESRCH   no such process or light-weight process
 *   EPERM   another process
 *   EFAULT  `opset` is a bad address
 */
int pset_bind(psetid_t pset, idtype_t idtype, id_t id, psetid_t *opset);

/*
 * pset_info(2): the type of a set (PS_PRIVATE; PS_SYSTEM for PS_NONE), the number of its
 * processors, and as many of them as *numcpus says there is room for; on return *numcpus is their
 * number. Each pointer may be NULL. 0, or -1 and errno: EINVAL  no such set EFAULT  a bad address
 */
int pset_info(psetid_t pset, int *type, uint_t *numcpus, processorid_t *cpulist);

/* pset_list(2): the numbers of all sets, as many as *numpsets says there is room for; on return
 * *numpsets is how many exist. `psetlist` may be NULL. 0, or -1 and errno:
 *   EFAULT  a bad address */
int pset_list(psetid_t *psetlist, uint_t *numpsets);

/* pset_getloadavg(3C): stores up to `nelem` (at most 3) of the load averages over 1, 5 and 15
 * minutes; of the whole machine, for Linux counts no others. Returns how many, or -1 and errno:
 *   EINVAL  no such set, or `nelem` is negative */
int pset_getloadavg(psetid_t pset, double loadavg[], int nelem);

#ifdef __cplusplus
}
#endif

#endif /* _SYS_PSET_H */
