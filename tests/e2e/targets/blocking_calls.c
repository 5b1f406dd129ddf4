/*
 * blocking_calls.c - one thread a call in each of the system calls that return EINTR after a
 * debugger's stop. Prints "ready" when all are about to block, and "returned NAME ERRNO" should one
 * come back.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/ipc.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

static void call_epoll_wait(void)
{
    struct epoll_event event;
    epoll_wait(epoll_create1(0), &event, 1, -1);
}

static void call_epoll_wait_timed(void)
{
    struct epoll_event event;
    epoll_wait(epoll_create1(0), &event, 1, 600000);
}

static void call_recv_timed(void)
{
    int pair[2];
    char byte;
    struct timeval limit = {600, 0};
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0) {
        setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        recv(pair[0], &byte, 1, 0);
    }
}

static void call_semop(void)
{
    struct sembuf take = {0, -1, 0};
    int set = semget(IPC_PRIVATE, 1, 0600);
    semop(set, &take, 1);
}

static void call_sigtimedwait(void)
{
    sigset_t set;
    struct timespec limit = {600, 0};
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    sigtimedwait(&set, NULL, &limit);
}

static void call_sigwaitinfo(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigwaitinfo(&set, NULL);
}

static const struct call {
    const char* name;
    void (*run)(void);
} calls[] = {{"epoll_wait", call_epoll_wait},     {"epoll_wait_timed", call_epoll_wait_timed},
             {"recv_timed", call_recv_timed},     {"semop", call_semop},
             {"sigtimedwait", call_sigtimedwait}, {"sigwaitinfo", call_sigwaitinfo}};

static void* run_call(void* argument)
{
    const struct call* call = argument;
    call->run();
    printf("returned %s %d\n", call->name, errno);
    fflush(stdout);
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
    for (i = 0; i < sizeof calls / sizeof calls[0]; ++i) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, run_call, (void*)&calls[i]) != 0) {
            return 1;
        }
    }
    puts("ready");
    fflush(stdout);
    while (read(STDIN_FILENO, &byte, 1) > 0) {}
    puts("end");
    fflush(stdout);
    _exit(0);
}
