/* register_sets.h - registers as debuggers exchange them: <sys/procfs.h>, <proc_service.h>. */
#ifndef _LIBTHREAD_REGISTER_SETS_H
#define _LIBTHREAD_REGISTER_SETS_H

#include <sys/user.h>

/* General registers, in the order of struct user_regs_struct of <sys/user.h>. */
typedef unsigned long prgreg_t;
typedef prgreg_t prgregset_t[sizeof(struct user_regs_struct) / sizeof(unsigned long)];
typedef struct user_fpregs_struct prfpregset_t;

#endif /* _LIBTHREAD_REGISTER_SETS_H */
