/* errno.h - the system's header with Solaris' errors that Linux has no number for. */
#ifndef _LIBTHREAD_ERRNO_H
#define _LIBTHREAD_ERRNO_H

#if defined(__GNUC__)
#pragma GCC system_header
#endif

#include_next <errno.h>

/* ELOCKUNMAPPED: the owner of a robust lock unmapped it. ENOTACTIVE: a facility is not active; no
 * function here returns it. The numbers are Solaris' plus 4000, above all of Linux'. */
#ifndef ELOCKUNMAPPED
#define ELOCKUNMAPPED 4072
#endif
#ifndef ENOTACTIVE
#define ENOTACTIVE 4073
#endif

#endif /* _LIBTHREAD_ERRNO_H */
