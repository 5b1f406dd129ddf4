/*
 * COMP-HDR-01: types, constants and calls that sources for Solaris take from the system's headers,
 * the sigwait and sysinfo of Solaris among them. Failures are exit statuses.
 */
#include <atomic.h>
#include <errno.h>
#include <schedctl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/atomic.h>
#include <sys/debug.h>
#include <sys/loadavg.h>
#include <sys/priocntl.h>
#include <sys/processor.h>
#include <sys/procfs.h>
#include <sys/procset.h>
#include <sys/pset.h>
#include <sys/rtpriocntl.h>
#include <sys/synch.h>
#include <sys/systeminfo.h>
#include <sys/time.h>
#include <sys/tspriocntl.h>
#include <sys/types.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <thread.h>
#include <time.h>
#include <unistd.h>
#if defined(__linux__)
#include <sys/sysinfo.h>
#endif

static boolean_t is_known(int error)
{
    switch (error) {
        case ELOCKUNMAPPED:
        case ENOTACTIVE:
        case EOWNERDEAD:
        case ENOTRECOVERABLE:
        case ETIME:
            return B_TRUE;
        default:
            return B_FALSE;
    }
}

static const char *signal_name(int number)
{
    switch (number) {
        case SIGWAITING:
            return "WAITING";
        case SIGLWP:
            return "LWP";
        case SIGCANCEL:
            return "CANCEL";
        case SIGFREEZE:
            return "FREEZE";
        case SIGTHAW:
            return "THAW";
        case SIGLOST:
            return "LOST";
        case SIGXRES:
            return "XRES";
        case SIGHUP:
            return "HUP";
        default:
            return "";
    }
}

static int types(void)
{
    longlong_t signed_number = -1;
    u_longlong_t number = 1;
    upad64_t pad = 0;
    lwpid_t lwp = (lwpid_t)-1;
    pri_t priority = -1;
    id_t id = P_MYID;
    timestruc_t pause;

    pause.tv_sec = 0;
    pause.tv_nsec = 1;
    (void)nanosleep(&pause, (timestruc_t *)0);
    if (signed_number >= 0 || number != 1 || sizeof pad != 8 || lwp < 1 || priority != -1)
        return 1;
    if (id != (id_t)-1 || P_LWPID != 8 || P_PID == P_LWPID || CLK_TCK <= 0)
        return 2;
    return is_known(ELOCKUNMAPPED) == B_TRUE && is_known(EPERM) == B_FALSE ? 0 : 3;
}

/* A signal thread of the time: one argument, and the signal comes back. */
static int waits(void)
{
    sigset_t set;

    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGUSR1);
    (void)sigdelset(&set, SIGWAITING);
    (void)sigdelset(&set, SIGLWP);
    (void)thr_sigsetmask(SIG_BLOCK, &set, (sigset_t *)0);
    (void)kill(getpid(), SIGUSR1);
    if (sigwait(&set) != SIGUSR1)
        return 10;
    if (thr_kill(thr_self(), SIGLWP) != EINVAL || thr_kill(thr_self(), SIGCANCEL) != EINVAL)
        return 12;
    return strcmp(signal_name(SIGTHAW), "THAW") == 0 ? 0 : 13;
}

static int describes(void)
{
    char name[257];
    char shorter[3];
    struct utsname system;
    long needed = sysinfo(SI_SYSNAME, name, sizeof name);

    (void)uname(&system);
    if (needed != (long)strlen(name) + 1 || strcmp(name, system.sysname) != 0)
        return 20;
    if (sysinfo(SI_SYSNAME, shorter, sizeof shorter) != needed || strncmp(shorter, name, 2) != 0 ||
        shorter[2] != '\0')
        return 21;
    if (sysinfo(-5, name, sizeof name) != -1 || errno != EINVAL)
        return 23;
    if (sysinfo(SI_ARCHITECTURE, name, sizeof name) <= 1 || strcmp(name, "i386") != 0)
        return 24;
    return 0;
}

/* Beside those, the forms of sigwait and sysinfo that Linux has. */
static int other_forms(void)
{
#if defined(__linux__)
    struct sysinfo answer;
    sigset_t set;
    int number = 0;

    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGUSR1);
    (void)kill(getpid(), SIGUSR1);
    if (sigwait(&set, &number) != 0 || number != SIGUSR1)
        return 30;
    if (sysinfo(&answer) != 0 || answer.totalram == 0)
        return 31;
#endif
    return 0;
}

static int asserts(void)
{
    struct timespec now;
    hrtime_t then = gethrtime();
    char *nothing = 0;

    ASSERT(then > 0);
    VERIFY(then > 0);
    VERIFY0(clock_gettime(CLOCK_HIGHRES, &now));
    VERIFY3S(now.tv_nsec, <, NANOSEC);
    VERIFY3S((hrtime_t)now.tv_sec * NANOSEC + now.tv_nsec, >=, then);
    VERIFY3S(-MICROSEC, <, -MILLISEC);
    VERIFY3U(-1, >, MICROSEC);
    VERIFY3P(nothing, !=, &now);
    ASSERT3P(nothing, ==, 0);
    return 0;
}

int main(void)
{
    int failed = types();

    if (failed == 0)
        failed = waits();
    if (failed == 0)
        failed = describes();
    if (failed == 0)
        failed = other_forms();
    return failed != 0 ? failed : asserts();
}
