/*
 * io_waits.c - threads that wait for descriptors of each kind, and for a child: parked in the
 * library, one in a bare system call, which keeps its LWP, and one that is bound. Prints the ports,
 * the child and "ready"; ends with its input.
 */
#include <thread.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LISTENER = 100, ACCEPTED, CONNECTED, PAIR, PAIR_END, PIPE, PIPE_END, EVENT, HELD, HELD_END };

static void* read_one(void* fd)
{
    char bytes[8];
    if (read((int)(long)fd, bytes, sizeof bytes) > 0) {
        abort();
    }
    return NULL;
}

static void* accept_one(void* fd)
{
    accept((int)(long)fd, NULL, NULL);
    return NULL;
}

static void* poll_one(void* fd)
{
    struct pollfd file = {(int)(long)fd, POLLIN, 0};
    poll(&file, 1, -1);
    return NULL;
}

static void* hold_lwp(void* fd)
{
    char byte;
    syscall(SYS_read, (int)(long)fd, &byte, 1);
    return NULL;
}

static void* wait_for_child(void* child)
{
    waitpid((pid_t)(long)child, NULL, 0);
    return NULL;
}

/* Lives as long as this process. */
static pid_t make_child(void)
{
    int ends[2];
    char byte;
    pid_t child = pipe(ends) == 0 ? fork() : -1;
    if (child == 0) {
        close(ends[1]);
        _exit((int)read(ends[0], &byte, 1));
    }
    return child;
}

static void at(int number, int fd)
{
    if (fd < 0 || dup2(fd, number) != number || close(fd) != 0) {
        perror("io_waits");
        exit(1);
    }
}

static int port_of(int fd)
{
    struct sockaddr_in address;
    socklen_t size = sizeof address;
    getsockname(fd, (struct sockaddr*)&address, &size);
    return ntohs(address.sin_port);
}

static void open_all(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;
    int ends[2];
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    at(LISTENER, socket(AF_INET, SOCK_STREAM, 0));
    at(CONNECTED, socket(AF_INET, SOCK_STREAM, 0));
    if (bind(LISTENER, (struct sockaddr*)&address, size) != 0 || listen(LISTENER, 1) != 0 ||
        getsockname(LISTENER, (struct sockaddr*)&address, &size) != 0 ||
        connect(CONNECTED, (struct sockaddr*)&address, size) != 0) {
        perror("io_waits");
        exit(1);
    }
    at(ACCEPTED, accept(LISTENER, NULL, NULL));
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0) {
        at(PAIR, ends[0]);
        at(PAIR_END, ends[1]);
    }
    if (pipe(ends) == 0) {
        at(PIPE, ends[0]);
        at(PIPE_END, ends[1]);
    }
    at(EVENT, eventfd(0, 0));
    if (pipe(ends) == 0) {
        at(HELD, ends[0]);
        at(HELD_END, ends[1]);
    }
}

int main(void)
{
    char byte;
    pid_t child = make_child();
    open_all();
    thr_create(NULL, 0, accept_one, (void*)(long)LISTENER, 0, NULL);
    thr_create(NULL, 0, read_one, (void*)(long)ACCEPTED, 0, NULL);
    thr_create(NULL, 0, read_one, (void*)(long)PAIR, 0, NULL);
    thr_create(NULL, 0, read_one, (void*)(long)PIPE, 0, NULL);
    thr_create(NULL, 0, poll_one, (void*)(long)EVENT, 0, NULL);
    thr_create(NULL, 0, hold_lwp, (void*)(long)HELD, 0, NULL);
    thr_create(NULL, 0, read_one, (void*)(long)HELD, THR_BOUND, NULL);
    thr_create(NULL, 0, wait_for_child, (void*)(long)child, 0, NULL);
    printf("%d %d %d\nready\n", port_of(LISTENER), port_of(CONNECTED), (int)child);
    fflush(stdout);
    while (read(0, &byte, 1) > 0) {}
    _exit(0);
}
