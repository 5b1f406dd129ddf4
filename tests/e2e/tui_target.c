/*
 * A shop's server at rest, to be looked at: every thread is in a state that is known and stays so.
 *
 *   1        main            asleep in read(), until its input ends
 *   2        print_labels    holds stock_lock and runs
 *   3, 4     take_order      wait for the mutex stock_lock, which #2 holds
 *   5        watch_clock     waits for the condition closing_time, with a deadline far away
 *   6        ship_parcels    waits for the semaphore parcels
 *   7 ...    serve_customer  wait for the condition customers; argv[1] of them, 40 by default
 *
 * Prints "ready" when all of them have started.
 */
#include <thread.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { OTHERS = 5 };

mutex_t stock_lock = DEFAULTMUTEX;
mutex_t counter_lock = DEFAULTMUTEX;
mutex_t clock_lock = DEFAULTMUTEX;
cond_t customers = DEFAULTCV;
cond_t closing_time = DEFAULTCV;
sema_t parcels;
sema_t started;
volatile unsigned long labels;

void* print_labels(void* nothing)
{
    /* A courtesy: it takes a whole processor. Of the calling LWP alone, unlike the library's. */
    syscall(SYS_setpriority, PRIO_PROCESS, 0, 19);
    mutex_lock(&stock_lock);
    sema_post(&started);
    for (;;) {
        labels++;
    }
    return nothing;
}

__attribute__((noinline)) void reserve_item(void)
{
    mutex_lock(&stock_lock);
    labels = 0;
    mutex_unlock(&stock_lock);
}

void* take_order(void* nothing)
{
    sema_post(&started);
    reserve_item();
    return nothing;
}

void* watch_clock(void* nothing)
{
    timestruc_t closing;
    closing.tv_sec = time(NULL) + 24 * 3600;
    closing.tv_nsec = 0;
    mutex_lock(&clock_lock);
    sema_post(&started);
    while (cond_timedwait(&closing_time, &clock_lock, &closing) == 0) {}
    mutex_unlock(&clock_lock);
    return nothing;
}

void* ship_parcels(void* nothing)
{
    sema_post(&started);
    sema_wait(&parcels);
    return nothing;
}

__attribute__((noinline)) void await_customer(void)
{
    mutex_lock(&counter_lock);
    sema_post(&started);
    for (;;) {
        cond_wait(&customers, &counter_lock);
    }
}

void* serve_customer(void* nothing)
{
    await_customer();
    return nothing;
}

static void start(void* (*body)(void*), long flags)
{
    if (thr_create(NULL, 0, body, NULL, flags, NULL) != 0) {
        fprintf(stderr, "no thread\n");
        exit(1);
    }
    sema_wait(&started);
}

/*
 * Until the library's own LWPs are there, so that all LWPs have the same numbers each time. They
 * come with the first thr_create(), even with one that fails.
 */
static void await_lwps(int count)
{
    int found;
    thr_create(NULL, ((size_t)1 << 47) - 65536, serve_customer, NULL, 0, NULL);
    do {
        DIR* tasks = opendir("/proc/self/task");
        for (found = 0; tasks != NULL && readdir(tasks) != NULL;) {
            found++;
        }
        closedir(tasks);
        thr_yield();
    } while (found < count + 2); /* "." and ".." */
}

int main(int argc, char** argv)
{
    long clerks = argc > 1 ? atol(argv[1]) : 40;
    char byte;
    await_lwps(3);
    sema_init(&parcels, 0, USYNC_THREAD, NULL);
    sema_init(&started, 0, USYNC_THREAD, NULL);
    /* Bound: it never gives way, and the others are to run on any number of processors. */
    start(print_labels, THR_BOUND | THR_DAEMON);
    start(take_order, 0);
    start(take_order, 0);
    start(watch_clock, 0);
    start(ship_parcels, 0);
    while (clerks-- > 0) {
        start(serve_customer, 0);
    }
    printf("ready\n");
    fflush(stdout);
    while (syscall(SYS_read, 0, &byte, 1) > 0) {}
    return 0;
}
