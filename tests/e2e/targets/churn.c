/*
 * churn.c - threads that park and run on as fast as they can, each time at another place.
 *
 * churn THREADS: every thread takes a random path of calls and then waits for the semaphore that
 * belongs to this path, so whoever sees what it waits for knows every frame of its stack. Prints
 * "semas ADDRESS SIZE DEPTH", then "ready"; ends when its standard input does. The functions are
 * step_0 to step_3; two bits of the semaphore's index a call, the outermost first.
 */
#include <synch.h>
#include <thread.h>

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define NOINLINE __attribute__((noinline, noclone))
#define AFTER_CALL __asm__ volatile("" ::: "memory")

enum { kDepth = 5, kPaths = 1 << (2 * kDepth), kMostThreads = 1000 };

static sema_t semas[kPaths];
static volatile unsigned waits_for[kMostThreads]; /* a path, plus one; 0: none yet */

static NOINLINE void next(unsigned path, int level);

#define STEP(n, size)                                       \
    static NOINLINE void step_##n(unsigned path, int level) \
    {                                                       \
        volatile char room[size];                           \
        room[0] = (char)level;                              \
        next(path, room[0]);                                \
        AFTER_CALL;                                         \
    }
STEP(0, 8)
STEP(1, 200)
STEP(2, 40)
STEP(3, 600)

static NOINLINE void next(unsigned path, int level)
{
    static void (*const steps[4])(unsigned, int) = {step_0, step_1, step_2, step_3};
    if (level == kDepth) {
        sema_wait(&semas[path]);
    } else {
        steps[path >> (2 * level) & 3](path, level + 1);
    }
    AFTER_CALL;
}

static NOINLINE void* worker(void* argument)
{
    const long number = (long)argument;
    unsigned seed = (unsigned)number * 2654435761u + 1;
    for (;;) {
        seed = seed * 1664525u + 1013904223u;
        waits_for[number] = (seed >> 12) % kPaths + 1;
        next(waits_for[number] - 1, 0);
    }
    return argument;
}

int main(int argc, char** argv)
{
    long i;
    const long threads = argc == 2 ? atol(argv[1]) : 0;
    struct pollfd input = {STDIN_FILENO, POLLIN, 0};
    unsigned seed = 7;
    if (threads < 1 || threads > kMostThreads) {
        return 2;
    }
    thr_setconcurrency(2);
    for (i = 0; i < threads; ++i) {
        if (thr_create(NULL, 0, worker, (void*)i, 0, NULL) != 0) {
            return 1;
        }
    }
    printf("semas %p %lu %d\nready\n", (void*)semas, (unsigned long)sizeof semas[0], kDepth);
    fflush(stdout);
    for (;;) {
        for (i = 0; i < 2000; ++i) {
            seed = seed * 1664525u + 1013904223u;
            if (waits_for[(seed >> 8) % (unsigned long)threads] != 0) {
                sema_post(&semas[waits_for[(seed >> 8) % (unsigned long)threads] - 1]);
            }
        }
        if (poll(&input, 1, 0) > 0) {
            _exit(0);
        }
        thr_yield();
    }
}
