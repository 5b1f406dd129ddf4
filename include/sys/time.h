/* sys/time.h - the system's header with the Solaris additions (hrtime_t, gethrtime, ...). */
#ifndef _LIBTHREAD_SYS_TIME_H
#define _LIBTHREAD_SYS_TIME_H

#if defined(__GNUC__)
#pragma GCC system_header
#endif

#include_next <sys/time.h>

#include <libthread/types.h>

/* How many milliseconds, microseconds and nanoseconds a second has. */
#if defined(__USE_MISC) && !defined(NANOSEC)
#define MILLISEC 1000
#define MICROSEC 1000000
#define NANOSEC 1000000000L
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* gethrtime(3C): nanoseconds from an arbitrary fixed point, never going back; gethrvtime(3C): of
 * processor time that the calling thread has used. An unbound thread's is counted from its first
 * call on, which returns that of its light-weight process. */
hrtime_t gethrtime(void);
hrtime_t gethrvtime(void);

#ifdef __cplusplus
}
#endif

#endif /* _LIBTHREAD_SYS_TIME_H */
