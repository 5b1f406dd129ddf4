/*
 * many.c - many sleeping threads, for measuring how long a look at them takes.
 *
 * many THREADS DEPTH [bound]: unbound threads over 16 LWPs, or one LWP each, asleep on a semaphore
 * DEPTH calls deep. Prints "ready", then, when its standard input ends, the longest time in
 * microseconds for which a spinning thread stood still meanwhile.
 */
#include <synch.h>
#include <thread.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define NOINLINE __attribute__((noinline, noclone))
#define AFTER_CALL __asm__ volatile("" ::: "memory")

static sema_t never;
static sema_t begun;
static int depth;
static volatile int ending;
static volatile long longest_us;

static NOINLINE void sleep_at(int level)
{
    volatile char room[64];
    room[0] = (char)level;
    if (level > 0) {
        sleep_at(level - 1);
    } else {
        sema_post(&begun);
        sema_wait(&never);
    }
    AFTER_CALL;
}

static NOINLINE void* sleeper(void* argument)
{
    sleep_at(depth);
    return argument;
}

static long now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000L + now.tv_nsec / 1000;
}

static NOINLINE void* observer(void* argument)
{
    long before = now_us();
    while (!ending) {
        const long now = now_us();
        if (now - before > longest_us) {
            longest_us = now - before;
        }
        before = now;
    }
    return argument;
}

int main(int argc, char** argv)
{
    char byte;
    long i;
    thread_t id;
    const long count = argc > 2 ? atol(argv[1]) : 0;
    const long flags = argc > 3 && strcmp(argv[3], "bound") == 0 ? THR_BOUND : 0;
    if (count < 1) {
        return 2;
    }
    depth = atoi(argv[2]);
    thr_setconcurrency(16);
    for (i = 0; i < count; ++i) {
        if (thr_create(NULL, 0, sleeper, NULL, flags, NULL) != 0) {
            return 1;
        }
    }
    for (i = 0; i < count; ++i) {
        sema_wait(&begun);
    }
    if (getenv("MANY_OBSERVER") != NULL) {
        thr_create(NULL, 0, observer, NULL, THR_BOUND, &id);
    }
    puts("ready");
    fflush(stdout);
    while (read(STDIN_FILENO, &byte, 1) > 0) {}
    ending = 1;
    printf("%ld\n", longest_us);
    fflush(stdout);
    _exit(0);
}
