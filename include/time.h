/* time.h - the system's header with the Solaris additions (timestruc_t, CLK_TCK, ...). */
#ifndef _LIBTHREAD_TIME_H
#define _LIBTHREAD_TIME_H

#if defined(__GNUC__)
#pragma GCC system_header
#endif

#include_next <time.h>

#include <libthread/types.h>

/* Ticks per second of times(2): glibc leaves the name out of modern language modes. */
#ifndef CLK_TCK
#ifdef __cplusplus
extern "C" long __sysconf(int name) __THROW;
#else
extern long __sysconf(int name) __THROW;
#endif
#define CLK_TCK ((clock_t)__sysconf(2)) /* _SC_CLK_TCK */
#endif

/* The clock of gethrtime(3C). */
#if defined(CLOCK_MONOTONIC) && !defined(CLOCK_HIGHRES)
#define CLOCK_HIGHRES CLOCK_MONOTONIC
#endif

#endif /* _LIBTHREAD_TIME_H */
