/*
 * A program of Linux, for check_plain_program.sh: it uses what our headers overlay, as it is
 * without them.
 */
#include <errno.h>
#include <signal.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Sizes and numbers, where they show in the code. */
const unsigned long numbers[] = {sizeof(sigset_t),
                                 sizeof(siginfo_t),
                                 sizeof(idtype_t),
                                 sizeof(id_t),
                                 sizeof(struct timespec),
                                 sizeof(struct timeval),
                                 sizeof(struct sysinfo),
                                 sizeof(pid_t),
                                 sizeof(time_t),
                                 EDEADLK,
                                 ETIME,
                                 ENOTSUP,
                                 EOWNERDEAD,
                                 P_ALL,
                                 P_PID,
                                 P_PGID,
                                 SIGUSR1,
                                 SIG_BLOCK,
                                 SIG_UNBLOCK,
                                 SIG_SETMASK};

int own_names(int yield, int uint)
{
    return yield + uint;
}

int waits_for_signal(const sigset_t* set)
{
    int number = 0;

    if (sigwait(set, &number) != 0)
        return -1;
    return number;
}

int waits_for_child(pid_t pid, siginfo_t* info)
{
    while (waitid(P_PID, (id_t)pid, info, WEXITED) != 0)
        if (errno != EINTR)
            return -1;
    return waitpid(pid, 0, WNOHANG) == 0;
}

unsigned long memory(void)
{
    struct sysinfo info;

    return sysinfo(&info) == 0 ? info.totalram : 0;
}

long ticks(struct timespec* now)
{
    (void)clock_gettime(CLOCK_MONOTONIC, now);
    return sysconf(_SC_CLK_TCK) + (long)now->tv_sec;
}
