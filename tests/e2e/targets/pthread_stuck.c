/*
 * pthread_stuck.c - pthreads that wait for each other's mutexes; no libthread.
 *
 * pthread_stuck KIND COUNT [leave]: COUNT threads in a circle on mutexes of that kind (normal,
 * recursive, errorcheck, robust, inherit), or "handover": threads that pass two mutexes on as fast
 * as can be, or "held-KIND": threads that wait for one mutex, which the main thread holds, or
 * "timed": normal ones, of which the first thread waits for the next for an hour at most.
 * Prints "ready", ends when its standard input does; "leave": its first thread ends at once.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { kMost = 50 };

static pthread_mutex_t mutexes[kMost];
static pthread_barrier_t all_hold;
static long count;
static int timed;

static void* in_circle(void* argument)
{
    const long i = (long)argument;
    struct timespec limit;
    pthread_mutex_lock(&mutexes[i]);
    pthread_barrier_wait(&all_hold);
    clock_gettime(CLOCK_REALTIME, &limit);
    limit.tv_sec += 3600;
    if (timed && i == 0) {
        pthread_mutex_timedlock(&mutexes[1], &limit);
    } else {
        pthread_mutex_lock(&mutexes[(i + 1) % count]);
    }
    return NULL;
}

static void* hands_over(void* argument)
{
    for (;;) {
        pthread_mutex_lock(&mutexes[0]);
        pthread_mutex_lock(&mutexes[1]);
        pthread_mutex_unlock(&mutexes[0]);
        pthread_mutex_unlock(&mutexes[1]);
    }
    return argument;
}

static void* locks_one(void* argument)
{
    pthread_mutex_lock(&mutexes[0]);
    return argument;
}

static void set_kind(pthread_mutexattr_t* attributes, const char* kind)
{
    if (strcmp(kind, "recursive") == 0) {
        pthread_mutexattr_settype(attributes, PTHREAD_MUTEX_RECURSIVE);
    } else if (strcmp(kind, "errorcheck") == 0) {
        pthread_mutexattr_settype(attributes, PTHREAD_MUTEX_ERRORCHECK);
    } else if (strcmp(kind, "robust") == 0) {
        pthread_mutexattr_setrobust(attributes, PTHREAD_MUTEX_ROBUST);
    } else if (strcmp(kind, "inherit") == 0) {
        pthread_mutexattr_setprotocol(attributes, PTHREAD_PRIO_INHERIT);
    }
}

int main(int argc, char** argv)
{
    long i;
    char byte;
    pthread_t thread;
    pthread_mutexattr_t attributes;
    const int leave = argc == 4 && strcmp(argv[3], "leave") == 0;
    if ((argc != 3 && !leave) || (count = atol(argv[2])) < 2 || count > kMost) {
        return 2;
    }
    const int handover = strcmp(argv[1], "handover") == 0;
    timed = strcmp(argv[1], "timed") == 0;
    const int held = strncmp(argv[1], "held-", 5) == 0;
    pthread_mutexattr_init(&attributes);
    set_kind(&attributes, held ? argv[1] + 5 : argv[1]);
    for (i = 0; i < count; ++i) {
        pthread_mutex_init(&mutexes[i], &attributes);
    }
    pthread_barrier_init(&all_hold, NULL, (unsigned)count);
    if (held) {
        pthread_mutex_lock(&mutexes[0]);
    }
    for (i = 0; i < count; ++i) {
        void* (*const function)(void*) = handover ? hands_over : held ? locks_one : in_circle;
        if (pthread_create(&thread, NULL, function, (void*)i) != 0) {
            return 1;
        }
    }
    puts("ready");
    fflush(stdout);
    if (leave) {
        pthread_exit(NULL);
    }
    while (read(STDIN_FILENO, &byte, 1) > 0) {}
    _exit(0);
}
