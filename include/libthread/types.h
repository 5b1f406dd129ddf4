/* types.h - the Solaris scalar types that the threads interface needs and Linux lacks. */
#ifndef _LIBTHREAD_TYPES_H
#define _LIBTHREAD_TYPES_H

/* long long is no word of C89 and C++98; the type is Solaris' all the same. */
#if defined(__GNUC__)
#pragma GCC system_header
#endif

/* What they define stands in <sys/types.h> on Solaris. */
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

typedef unsigned char uchar_t;
typedef unsigned short ushort_t;
typedef unsigned int uint_t;
typedef unsigned long ulong_t;

typedef enum { B_FALSE = 0, B_TRUE = 1 } boolean_t;

/* Nanoseconds, signed, from an arbitrary point that never moves: gethrtime(3C). */
typedef long long hrtime_t;

typedef long long longlong_t;
typedef unsigned long long u_longlong_t;
typedef long long offset_t;
typedef unsigned long long u_offset_t;

/* The parts of a dev_t. */
typedef unsigned int major_t;
typedef unsigned int minor_t;

/* Eight bytes that only pad and align. */
typedef unsigned long upad64_t;

/* Numbers of light-weight processes, processors, processor sets, and what else idtype_t names. */
typedef unsigned int lwpid_t;
typedef int processorid_t;
typedef int psetid_t;
typedef int taskid_t;
typedef int projid_t;
typedef int poolid_t;
typedef int zoneid_t;
typedef int ctid_t;

/* The type of an id of any kind; strict C89 hides the system's. */
#ifndef __id_t_defined
typedef __id_t id_t;
#define __id_t_defined
#endif

/* Priorities of scheduling classes. */
typedef short pri_t;

/* struct timespec under its Solaris names; strict C89 hides the structure's members, not its name.
 */
struct timespec;
typedef struct timespec timestruc_t;
typedef struct timespec timespec_t;

#endif /* _LIBTHREAD_TYPES_H */
