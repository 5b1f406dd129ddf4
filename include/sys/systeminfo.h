/*
 * sys/systeminfo.h - sysinfo(2) of Solaris: strings that describe the system.
 *
 * Linux has another sysinfo(2), of one argument, in <sys/sysinfo.h>. A program may use both: the
 * number of arguments tells them apart.
 */
#ifndef _SYS_SYSTEMINFO_H
#define _SYS_SYSTEMINFO_H

#if defined(__GNUC__)
#pragma GCC system_header
#endif

#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What to ask for. */
#define SI_SYSNAME 1      /* as uname -s */
#define SI_HOSTNAME 2     /* as uname -n */
#define SI_RELEASE 3      /* as uname -r */
#define SI_VERSION 4      /* as uname -v */
#define SI_MACHINE 5      /* as uname -m */
#define SI_ARCHITECTURE 6 /* the instruction set: "i386" on all x86, as on Solaris */
#define SI_HW_SERIAL 7    /* hostid(1), in decimal */
#define SI_HW_PROVIDER 8  /* the maker of the machine */
#define SI_SRPC_DOMAIN 9  /* domainname(1) */

/* What to set; needs privilege. */
#define SI_SET_HOSTNAME 258
#define SI_SET_SRPC_DOMAIN 265

#define SI_PLATFORM 513 /* the kind of machine: "i86pc" on all x86 */
#define SI_ISALIST 514  /* instruction sets, best first */
#define SI_ARCHITECTURE_32 516
#define SI_ARCHITECTURE_64 517
#define SI_ARCHITECTURE_K 518 /* of the kernel */
#define SI_ARCHITECTURE_NATIVE 519

/*
 * sysinfo(2): stores a string of at most `count` bytes, its end included, at `buf`; or sets what
 * `command` names to the string there. Returns the bytes that the string needs with its end, more
 * than `count` when it was cut; -1 and errno:
 *   EINVAL  an undefined command, or a string to be set that is too long
 *   EPERM   the caller may not set it
 *   EFAULT  `buf` is a bad address
 * Programs call it as sysinfo().
 */
int _sysinfo(int command, char *buf, long count);

#ifdef __cplusplus
}

extern "C++" {
inline int sysinfo(int command, char *buf, long count)
{
    return _sysinfo(command, buf, count);
}
}
#else
#define _LT_THIRD_OR_FOURTH(first, second, third, fourth, ...) fourth
#define sysinfo(...) _LT_THIRD_OR_FOURTH(__VA_ARGS__, _sysinfo, _sysinfo, sysinfo, 0)(__VA_ARGS__)
#endif

#endif /* _SYS_SYSTEMINFO_H */
