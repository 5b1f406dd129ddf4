/*
 * sys/procfs.h - the system's header, with Solaris' types where it has others of the same names.
 * What Solaris tells of processes below /proc is no matter of a threads library.
 */
#ifndef _LIBTHREAD_SYS_PROCFS_H
#define _LIBTHREAD_SYS_PROCFS_H

#if defined(__GNUC__)
#pragma GCC system_header
#endif

#include <libthread/register_sets.h>
#include <libthread/types.h>

#define lwpid_t _lt_system_lwpid_t
#define psaddr_t _lt_system_psaddr_t /* ours stands in <proc_service.h> */
#define prgregset_t _lt_system_prgregset_t
#define prfpregset_t _lt_system_prfpregset_t
#include_next <sys/procfs.h>
#undef lwpid_t
#undef psaddr_t
#undef prgregset_t
#undef prfpregset_t

#endif /* _LIBTHREAD_SYS_PROCFS_H */
