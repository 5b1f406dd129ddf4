/* Threads for a debugger to look at and to hold back; see td_test.cpp. Prints where its variables
 * are, then "ready"; obeys one letter a time from standard input and answers "done"; ends with the
 * input. td_target [quiet]     quiet: without the threads that never rest */
#include <synch.h>
#include <thread.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static mutex_t held = DEFAULTMUTEX;
static mutex_t shared;
static rwlock_t written = DEFAULTRWLOCK;
static sema_t gate = DEFAULTSEMA;
static cond_t never = DEFAULTCV;
static mutex_t never_mutex = DEFAULTMUTEX;
static sema_t end = DEFAULTSEMA;
static thread_key_t key;
static __thread int own_number = 42;

static volatile unsigned long got_held, passed_gate, spun, yielded[2];

static void must(int error, const char* what)
{
    if (error != 0) {
        fprintf(stderr, "td_target: %s: %s\n", what, strerror(error));
        exit(1);
    }
}

static void* held_main(void* argument)
{
    must(thr_setspecific(key, argument), "thr_setspecific");
    own_number = 43;
    must(mutex_lock(&held), "mutex_lock");
    got_held = 1;
    sema_wait(&end);
    return NULL;
}

static void* gate_main(void* argument)
{
    sema_wait(&gate);
    passed_gate = 1;
    sema_wait(&end);
    return argument;
}

static void* cond_main(void* argument)
{
    mutex_lock(&never_mutex);
    for (;;) {
        cond_wait(&never, &never_mutex);
    }
    return argument;
}

static void* zombie_main(void* argument)
{
    return argument;
}

static void* yield_main(void* argument)
{
    volatile unsigned long* const count = (volatile unsigned long*)argument;
    for (;;) {
        *count = *count + 1;
        thr_yield();
    }
    return NULL;
}

static void* spin_main(void* argument)
{
    for (;;) {
        spun = spun + 1;
    }
    return argument;
}

static void start(const char* name, void* (*function)(void*), void* argument, long flags)
{
    thread_t id;
    must(thr_create(NULL, 0, function, argument, flags, &id), name);
    printf("thread %s %u %p\n", name, (unsigned)id, (void*)(size_t)function);
}

static void obey(char order)
{
    int i;
    thread_t id;
    switch (order) {
        case 'u':
            must(mutex_unlock(&held), "mutex_unlock");
            break;
        case 'p':
            must(sema_post(&gate), "sema_post");
            break;
        case 'c':
            for (i = 0; i < 3; ++i) {
                must(thr_create(NULL, 0, zombie_main, NULL, i == 2 ? THR_BOUND : 0, &id),
                     "thr_create");
                printf("made %u\n", (unsigned)id);
                must(thr_join(id, NULL, NULL), "thr_join");
            }
            break;
        default:
            break;
    }
    puts("done");
    fflush(stdout);
}

int main(int argc, char** argv)
{
    char order;
    must(thr_setconcurrency(2), "thr_setconcurrency");
    must(thr_keycreate(&key, NULL), "thr_keycreate");
    must(mutex_lock(&held), "mutex_lock");
    must(rw_wrlock(&written), "rw_wrlock");
    must(mutex_init(&shared, USYNC_PROCESS, NULL), "mutex_init");
    must(mutex_lock(&shared), "mutex_lock");
    printf("shared %p\n", (void*)&shared);
    printf(
        "held %p\nwritten %p\ngate %p\nnever %p\nkey %u\ngot_held %p\npassed_gate %p\nspun %p\n"
        "yielded %p\nother %p\nown_number %p\n",
        (void*)&held, (void*)&written, (void*)&gate, (void*)&never, (unsigned)key, (void*)&got_held,
        (void*)&passed_gate, (void*)&spun, (void*)&yielded[0], (void*)&yielded[1],
        (void*)&own_number);
    start("held", held_main, &held, 0);
    start("gate", gate_main, NULL, THR_BOUND);
    start("cond", cond_main, NULL, THR_DETACHED | THR_DAEMON);
    start("stopped", zombie_main, NULL, THR_SUSPENDED);
    start("zombie", zombie_main, NULL, 0);
    if (argc < 2) {
        start("yield", yield_main, (void*)&yielded[0], 0);
        start("other", yield_main, (void*)&yielded[1], 0);
        start("spin", spin_main, NULL, THR_BOUND);
    }
    puts("ready");
    fflush(stdout);
    while (syscall(SYS_read, STDIN_FILENO, &order, 1) == 1) {
        obey(order);
    }
    _exit(0);
}
