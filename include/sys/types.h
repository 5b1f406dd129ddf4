/* sys/types.h - the system's header with the Solaris additions (uint_t, boolean_t, hrtime_t, ...).
 */
#ifndef _LIBTHREAD_SYS_TYPES_H
#define _LIBTHREAD_SYS_TYPES_H

#if defined(__GNUC__)
#pragma GCC system_header
#endif

#include_next <sys/types.h>

#include <libthread/types.h>

#endif /* _LIBTHREAD_SYS_TYPES_H */
