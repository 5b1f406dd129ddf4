/* sys/wait.h - the system's header with the Solaris additions: see <sys/procset.h>. */
#ifndef _LIBTHREAD_SYS_WAIT_H
#define _LIBTHREAD_SYS_WAIT_H

#if defined(__GNUC__)
#pragma GCC system_header
#endif

/* First: it takes the place of the system's idtype_t. */
#include <libthread/idtype.h>

#include_next <sys/wait.h>

#endif /* _LIBTHREAD_SYS_WAIT_H */
