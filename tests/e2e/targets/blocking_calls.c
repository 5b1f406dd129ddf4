/*
 * blocking_calls.c - one thread in each of 28 system calls that sleep. Prints "missing NAME" for
 * one that this kernel does not let it make, "ready" when all are about to sleep, and "returned
 * NAME ERRNO" should one come back.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/io_uring.h>
#include <mqueue.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const struct timespec an_hour = {3600, 0};
static atomic_uint arrived;
static atomic_int ending;
static atomic_int semaphore_set = -1;
static atomic_int message_queue = -1;

/* What each does last before its call: from here on it sleeps in that call and nowhere else. */
static int now(int prepared)
{
    if (prepared) {
        atomic_fetch_add(&arrived, 1);
    }
    return prepared;
}

static struct timespec in_an_hour(clockid_t clock)
{
    struct timespec time;
    clock_gettime(clock, &time);
    time.tv_sec += an_hour.tv_sec;
    return time;
}

static int open_pipe(void)
{
    int ends[2];
    return pipe(ends) == 0 ? ends[0] : -1;
}

static int open_pair(void)
{
    int pair[2];
    return socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0 ? pair[0] : -1;
}

static sigset_t only(int signal)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, signal);
    return set;
}

/* Each returns whether it could make its call. */

static int read_from(int fd)
{
    char bytes[256];
    return now(fd >= 0) && read(fd, bytes, sizeof bytes) != 0;
}

static int call_epoll_wait(void)
{
    struct epoll_event event;
    const int fd = epoll_create1(0);
    return now(fd >= 0) && epoll_wait(fd, &event, 1, -1) != 0;
}

static int call_epoll_wait_timed(void)
{
    struct epoll_event event;
    const int fd = epoll_create1(0);
    return now(fd >= 0) && epoll_wait(fd, &event, 1, 3600000) != 0;
}

static int call_recv_timed(void)
{
    char byte;
    const struct timeval limit = {3600, 0};
    const int fd = open_pair();
    return now(fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) == 0) &&
           recv(fd, &byte, 1, 0) != 0;
}

static int call_semop(void)
{
    struct sembuf take = {0, -1, 0};
    semaphore_set = semget(IPC_PRIVATE, 1, 0600);
    return now(semaphore_set >= 0) && semop(semaphore_set, &take, 1) != 0;
}

static int call_sigtimedwait(void)
{
    const sigset_t set = only(SIGUSR2);
    return now(1) && sigtimedwait(&set, NULL, &an_hour) != 0;
}

static int call_sigwaitinfo(void)
{
    const sigset_t set = only(SIGUSR1);
    return now(1) && sigwaitinfo(&set, NULL) != 0;
}

static int call_io_uring_enter(void)
{
    struct io_uring_params parameters;
    int fd;
    memset(&parameters, 0, sizeof parameters);
    fd = (int)syscall(SYS_io_uring_setup, 1, &parameters);
    return now(fd >= 0) &&
           syscall(SYS_io_uring_enter, fd, 0, 1, IORING_ENTER_GETEVENTS, NULL, 0) != 0;
}

static int call_poll(void)
{
    struct pollfd wait = {open_pipe(), POLLIN, 0};
    return now(wait.fd >= 0) && poll(&wait, 1, -1) != 0;
}

static int call_ppoll(void)
{
    struct pollfd wait = {open_pipe(), POLLIN, 0};
    return now(wait.fd >= 0) && ppoll(&wait, 1, &an_hour, NULL) != 0;
}

static int call_select(void)
{
    struct timeval limit = {3600, 0};
    return now(1) && select(0, NULL, NULL, NULL, &limit) != 0;
}

static int call_pselect(void)
{
    return now(1) && pselect(0, NULL, NULL, NULL, &an_hour, NULL) != 0;
}

static int call_nanosleep(void)
{
    return now(1) && nanosleep(&an_hour, NULL) != 0;
}

static int call_clock_nanosleep(void)
{
    const struct timespec until = in_an_hour(CLOCK_MONOTONIC);
    return now(1) && clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) != 0;
}

static int call_futex(void)
{
    static unsigned word;
    return now(1) && syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0) != 0;
}

static int call_futex_timed(void)
{
    static unsigned word;
    return now(1) && syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, &an_hour, NULL, 0) != 0;
}

static int call_futex_bitset(void)
{
    static unsigned word;
    const struct timespec until = in_an_hour(CLOCK_MONOTONIC);
    return now(1) && syscall(SYS_futex, &word, FUTEX_WAIT_BITSET_PRIVATE, 0, &until, NULL,
                             FUTEX_BITSET_MATCH_ANY) != 0;
}

static int call_sem_wait(void)
{
    sem_t semaphore;
    return now(sem_init(&semaphore, 0, 0) == 0) && sem_wait(&semaphore) != 0;
}

static int call_sem_timedwait(void)
{
    sem_t semaphore;
    const struct timespec until = in_an_hour(CLOCK_REALTIME);
    return now(sem_init(&semaphore, 0, 0) == 0) && sem_timedwait(&semaphore, &until) != 0;
}

static int call_msgrcv(void)
{
    struct {
        long type;
        char text[8];
    } message;
    message_queue = msgget(IPC_PRIVATE, 0600);
    return now(message_queue >= 0) &&
           msgrcv(message_queue, &message, sizeof message.text, 0, 0) != 0;
}

static int call_mq_receive(void)
{
    char name[64];
    char text[8];
    struct mq_attr attributes = {.mq_maxmsg = 1, .mq_msgsize = sizeof text};
    mqd_t queue;
    snprintf(name, sizeof name, "/blocking_calls.%d", (int)getpid());
    queue = mq_open(name, O_RDWR | O_CREAT | O_EXCL, 0600, &attributes);
    mq_unlink(name);
    return now(queue >= 0) && mq_receive(queue, text, sizeof text, NULL) != 0;
}

static int call_read_pipe(void)
{
    return read_from(open_pipe());
}

static int call_read_eventfd(void)
{
    return read_from(eventfd(0, 0));
}

static int call_read_timerfd(void)
{
    return read_from(timerfd_create(CLOCK_MONOTONIC, 0));
}

static int call_read_inotify(void)
{
    return read_from(inotify_init());
}

static int call_recv(void)
{
    char byte;
    const int fd = open_pair();
    return now(fd >= 0) && recv(fd, &byte, 1, 0) != 0;
}

static int call_accept(void)
{
    struct sockaddr name = {.sa_family = AF_UNIX};
    const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    return now(bind(fd, &name, sizeof name.sa_family) == 0 && listen(fd, 1) == 0) &&
           accept(fd, NULL, NULL) != 0;
}

static int call_wait4(void)
{
    const pid_t child = fork();
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (;;) {
            pause();
        }
    }
    return now(child > 0) && waitpid(child, NULL, 0) != 0;
}

static int call_fcntl_lock(void)
{
    char name[64];
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    const int first = memfd_create("lock", 0);
    int second;
    snprintf(name, sizeof name, "/proc/self/fd/%d", first);
    second = open(name, O_RDWR);
    return now(fcntl(first, F_OFD_SETLK, &whole) == 0 && second >= 0) &&
           fcntl(second, F_OFD_SETLKW, &whole) != 0;
}

#define CALL(name)         \
    {                      \
#name, call_##name \
    }
static const struct call {
    const char* name;
    int (*run)(void);
} calls[] = {CALL(epoll_wait),
             CALL(epoll_wait_timed),
             CALL(recv_timed),
             CALL(semop),
             CALL(sigtimedwait),
             CALL(sigwaitinfo),
             CALL(io_uring_enter),
             CALL(poll),
             CALL(ppoll),
             CALL(select),
             CALL(pselect),
             CALL(nanosleep),
             CALL(clock_nanosleep),
             CALL(futex),
             CALL(futex_timed),
             CALL(futex_bitset),
             CALL(sem_wait),
             CALL(sem_timedwait),
             CALL(msgrcv),
             CALL(mq_receive),
             CALL(read_pipe),
             CALL(read_eventfd),
             CALL(read_timerfd),
             CALL(read_inotify),
             CALL(recv),
             CALL(accept),
             CALL(wait4),
             CALL(fcntl_lock)};
enum { CALLS = sizeof calls / sizeof calls[0] };

static void* run_call(void* argument)
{
    const struct call* call = argument;
    if (!call->run()) {
        printf("missing %s\n", call->name);
        fflush(stdout);
        atomic_fetch_add(&arrived, 1);
    } else if (!ending) {
        printf("returned %s %d\n", call->name, errno);
        fflush(stdout);
    }
    return NULL;
}

int main(void)
{
    sigset_t set;
    unsigned i;
    char byte;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGUSR2);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    for (i = 0; i < CALLS; ++i) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, run_call, (void*)&calls[i]) != 0) {
            return 1;
        }
    }
    while (arrived < CALLS) {
        sched_yield();
    }
    puts("ready");
    fflush(stdout);
    while (read(STDIN_FILENO, &byte, 1) > 0) {}
    ending = 1;
    semctl(semaphore_set, 0, IPC_RMID);
    msgctl(message_queue, IPC_RMID, NULL);
    puts("end");
    fflush(stdout);
    _exit(0);
}
