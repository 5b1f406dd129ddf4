/*
 * proc_service.h - what a debugger provides to <thread_db.h>: a process that it controls.
 *
 * The debugger defines struct ps_prochandle and these functions. Not glibc's header of that name,
 * which belongs to another library. Manual page: ps_pread(3thr).
 */
#ifndef _PROC_SERVICE_H
#define _PROC_SERVICE_H

#include <sys/types.h>

#include <libthread/register_sets.h>
#include <libthread/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The library finds the debugger's functions, and the other way round. */
#if defined(__GNUC__)
#pragma GCC visibility push(default)
#endif

typedef enum { PS_OK, PS_ERR, PS_BADPID, PS_BADLID, PS_BADADDR, PS_NOSYM, PS_NOFREGS } ps_err_e;

/* The library does not look into it. */
struct ps_prochandle;

/* An address in the process. */
typedef unsigned long psaddr_t;

/* Objects whose symbols are looked up: the program, the run-time linker, or a file's name. */
#define PS_OBJ_EXEC ((const char *)0x0)
#define PS_OBJ_LDSO ((const char *)0x1)

/* Stops all LWPs of the process; ends that. Pairs nest. */
ps_err_e ps_pstop(struct ps_prochandle *ph);
ps_err_e ps_pcontinue(struct ps_prochandle *ph);

/* Holds one LWP back, also when the process goes on; ends that. */
ps_err_e ps_lstop(struct ps_prochandle *ph, lwpid_t lwp);
ps_err_e ps_lcontinue(struct ps_prochandle *ph, lwpid_t lwp);

/* PS_NOSYM: the object does not define the symbol, or is not there. */
ps_err_e ps_pglobal_lookup(struct ps_prochandle *ph, const char *object, const char *symbol,
                           psaddr_t *address);

ps_err_e ps_pdread(struct ps_prochandle *ph, psaddr_t address, void *into, size_t size);
ps_err_e ps_pdwrite(struct ps_prochandle *ph, psaddr_t address, const void *from, size_t size);

ps_err_e ps_lgetregs(struct ps_prochandle *ph, lwpid_t lwp, prgregset_t registers);
ps_err_e ps_lsetregs(struct ps_prochandle *ph, lwpid_t lwp, const prgregset_t registers);
ps_err_e ps_lgetfpregs(struct ps_prochandle *ph, lwpid_t lwp, prfpregset_t *registers);
ps_err_e ps_lsetfpregs(struct ps_prochandle *ph, lwpid_t lwp, const prfpregset_t *registers);

#if defined(__GNUC__)
#pragma GCC visibility pop
#endif

#ifdef __cplusplus
}
#endif

#endif /* _PROC_SERVICE_H */
