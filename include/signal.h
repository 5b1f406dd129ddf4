/* signal.h - the system's header with the Solaris additions: signals' names, the older sigwait. */
#ifndef _LIBTHREAD_SIGNAL_H
#define _LIBTHREAD_SIGNAL_H

#if defined(__GNUC__)
#pragma GCC system_header
#endif

#include_next <signal.h>

/*
 * Signals that Linux has no number for. The first three are reserved, as on Solaris: they are in no
 * mask, have no handler, and thr_kill refuses them; 32 and 33 are glibc's own, 34 is the
 * library's, which SIGRTMIN leaves out. The others are real-time signals that nobody sends by
 * himself.
 */
#define SIGCANCEL 32
#define SIGWAITING 33
#define SIGLWP 34
#define SIGFREEZE 56
#define SIGTHAW 57
#ifndef SIGLOST
#define SIGLOST 58
#endif
#define SIGXRES 59
#define SIGJVM1 60
#define SIGJVM2 61

/*
 * sigwait(2) of Solaris takes the set alone and returns the signal, or -1 with errno set; POSIX'
 * has a second argument. Both can be called, unless _POSIX_PTHREAD_SEMANTICS is defined, or in C a
 * version of POSIX from 1995 on is asked for: then there is only POSIX'. In C the number of
 * arguments chooses, in C++ it is an overload.
 */
#if !defined(_POSIX_PTHREAD_SEMANTICS) && defined(__USE_POSIX) && defined(__GNUC__)
#include <errno.h>
#if defined(__cplusplus)
/* glibc includes this header inside extern "C", too. */
extern "C++" {
inline int sigwait(sigset_t *set)
{
    int number = 0;
    const int error = sigwait(set, &number);

    if (error != 0) {
        errno = error;
        return -1;
    }
    return number;
}
}
#elif !defined(_GNU_SOURCE) && \
    (defined(__USE_POSIX_IMPLICITLY) || !defined(_POSIX_C_SOURCE) || _POSIX_C_SOURCE < 199506L)
static __inline__ __attribute__((__unused__)) int _lt_sigwait(const sigset_t *set)
{
    int number = 0;
    const int error = sigwait(set, &number);

    if (error != 0) {
        errno = error;
        return -1;
    }
    return number;
}
#define _LT_SECOND_OR_THIRD(first, second, third, ...) third
#define sigwait(...) _LT_SECOND_OR_THIRD(__VA_ARGS__, sigwait, _lt_sigwait, 0)(__VA_ARGS__)
#endif
#endif

#endif /* _LIBTHREAD_SIGNAL_H */
