/*
 * stuck.c - threads that wait for each other, or seem to.
 *
 * stuck CASE: prints "ready" once the threads are on their way there, and ends when its standard
 * input does. Cases: circle2 circle3, of mutexes; inherit2 robust2, of such mutexes; rwlocks self
 * join orphan handover conditions holder pthreads mixed; starved, with LIBTHREAD_GROWTH=fixed;
 * shared shared-robust shared-rwlocks, with a second process, whose id is printed first: #2 holds
 * lock 0 and waits for lock 1, #3 waits for lock 0; the other process has lock 1 and waits for 0.
 */
#include <synch.h>
#include <thread.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NOINLINE __attribute__((noinline, noclone))
#define AFTER_CALL __asm__ volatile("" ::: "memory")

enum { kMost = 3 };

mutex_t stuck_mutexes[kMost];
rwlock_t stuck_rwlocks[2];
mutex_t stuck_cond_mutex;
cond_t stuck_conds[2];
sema_t stuck_semas[2];

static pthread_mutex_t pthread_mutexes[2] = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER};
static int mixed;
static sema_t holding; /* posted by each thread that has its first lock */
static sema_t go;
static thread_t joined[2];
static int members;

static void must(int error, const char* what)
{
    if (error != 0) {
        fprintf(stderr, "stuck: %s: %s\n", what, strerror(error));
        exit(1);
    }
}

static NOINLINE void* in_circle(void* argument)
{
    const long i = (long)argument;
    mutex_lock(&stuck_mutexes[i]);
    sema_post(&holding);
    sema_wait(&go);
    mutex_lock(&stuck_mutexes[(i + 1) % members]);
    AFTER_CALL;
    return NULL;
}

/* Two pthread mutexes, or a pthread mutex and a mutex of libthread. */
static NOINLINE void* on_pthread_mutexes(void* argument)
{
    const long i = (long)argument;
    if (mixed && i == 1) {
        mutex_lock(&stuck_mutexes[0]);
    } else {
        pthread_mutex_lock(&pthread_mutexes[i]);
    }
    sema_post(&holding);
    sema_wait(&go);
    if (mixed && i == 0) {
        mutex_lock(&stuck_mutexes[0]);
    } else {
        pthread_mutex_lock(&pthread_mutexes[1 - i]);
    }
    AFTER_CALL;
    return NULL;
}

static NOINLINE void* on_rwlocks(void* argument)
{
    const long i = (long)argument;
    rw_wrlock(&stuck_rwlocks[i]);
    sema_post(&holding);
    sema_wait(&go);
    rw_rdlock(&stuck_rwlocks[1 - i]);
    AFTER_CALL;
    return NULL;
}

static NOINLINE void* locks_twice(void* argument)
{
    mutex_lock(&stuck_mutexes[0]);
    sema_post(&holding);
    sema_wait(&go);
    mutex_lock(&stuck_mutexes[0]);
    AFTER_CALL;
    return argument;
}

static NOINLINE void* joins_the_other(void* argument)
{
    const long i = (long)argument;
    sema_post(&holding);
    sema_wait(&go);
    thr_join(joined[1 - i], NULL, NULL);
    AFTER_CALL;
    return NULL;
}

static NOINLINE void* leaves_locked(void* argument)
{
    mutex_lock(&stuck_mutexes[0]);
    sema_post(&holding);
    return argument;
}

static NOINLINE void* locks_one(void* argument)
{
    mutex_lock(&stuck_mutexes[0]);
    AFTER_CALL;
    return argument;
}

/* Two mutexes, taken in one order by all, as fast as can be. */
static NOINLINE void* hands_over(void* argument)
{
    for (;;) {
        mutex_lock(&stuck_mutexes[0]);
        mutex_lock(&stuck_mutexes[1]);
        thr_yield();
        mutex_unlock(&stuck_mutexes[0]);
        thr_yield();
        mutex_unlock(&stuck_mutexes[1]);
    }
    return argument;
}

/* Each waits for something that only the other could do; no owner says so. */
static NOINLINE void* waits_for_signal(void* argument)
{
    const long i = (long)argument;
    sema_post(&holding);
    if (i == 0) {
        mutex_lock(&stuck_cond_mutex);
        cond_wait(&stuck_conds[0], &stuck_cond_mutex);
        sema_post(&stuck_semas[0]);
    } else {
        sema_wait(&stuck_semas[0]);
        cond_signal(&stuck_conds[0]);
    }
    return NULL;
}

static NOINLINE void* reads_with_lock(void* argument)
{
    char byte;
    mutex_lock(&stuck_mutexes[0]);
    sema_post(&holding);
    while (syscall(SYS_read, *(int*)argument, &byte, 1) < 0) {}
    AFTER_CALL;
    return argument;
}

static NOINLINE void* takes_turns(void* argument)
{
    for (;;) {
        thr_yield();
    }
    return argument;
}

/* What two processes share. */
static struct {
    mutex_t mutexes[2];
    rwlock_t rwlocks[2];
    sema_t holding;
    sema_t go;
} * shared;
static int shared_rwlocks;

static void lock_shared(long i)
{
    if (shared_rwlocks) {
        rw_wrlock(&shared->rwlocks[i]);
    } else {
        mutex_lock(&shared->mutexes[i]);
    }
}

static NOINLINE void* on_shared(void* argument)
{
    const long i = (long)argument;
    lock_shared(i);
    sema_post(&shared->holding);
    sema_wait(&shared->go);
    lock_shared(1 - i);
    AFTER_CALL;
    return NULL;
}

static NOINLINE void* waits_for_shared(void* argument)
{
    lock_shared((long)argument);
    AFTER_CALL;
    return NULL;
}

static void await_end_of_input(void)
{
    char byte;
    while (read(STDIN_FILENO, &byte, 1) > 0) {}
    _exit(0);
}

static void start(void* (*function)(void*), long first, long count)
{
    long i;
    for (i = first; i < first + count; ++i) {
        must(thr_create(NULL, 0, function, (void*)i, 0, i < 2 ? &joined[i] : NULL), "thr_create");
    }
}

/* Lets the threads go on when each of them holds what it holds. */
static void release(long count)
{
    long i;
    for (i = 0; i < count; ++i) {
        sema_wait(&holding);
    }
    for (i = 0; i < count; ++i) {
        sema_post(&go);
    }
}

static void run_shared(int type)
{
    pid_t other;
    int i;
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) {
        exit(1);
    }
    for (i = 0; i < 2; ++i) {
        must(mutex_init(&shared->mutexes[i], type, NULL), "mutex_init");
        must(rwlock_init(&shared->rwlocks[i], USYNC_PROCESS, NULL), "rwlock_init");
    }
    must(sema_init(&shared->holding, 0, USYNC_PROCESS, NULL), "sema_init");
    must(sema_init(&shared->go, 0, USYNC_PROCESS, NULL), "sema_init");
    other = fork1();
    if (other == 0) {
        start(on_shared, 1, 1);
        await_end_of_input();
    }
    printf("%d\n", (int)other);
    start(on_shared, 0, 1);
    for (i = 0; i < 2; ++i) {
        sema_wait(&shared->holding);
    }
    start(waits_for_shared, 0, 1);
    for (i = 0; i < 2; ++i) {
        sema_post(&shared->go);
    }
}

static int run(const char* name)
{
    static int pipe_ends[2];
    const int inherit = strcmp(name, "inherit2") == 0;
    const int robust = strcmp(name, "robust2") == 0;
    int i;
    if (strncmp(name, "circle", 6) == 0 || inherit || robust) {
        members = name[strlen(name) - 1] - '0';
        for (i = 0; inherit + robust != 0 && i < members; ++i) {
            must(mutex_init(&stuck_mutexes[i], inherit ? LOCK_PRIO_INHERIT : LOCK_ROBUST, NULL),
                 "mutex_init");
        }
        start(in_circle, 0, members);
        release(members);
    } else if (strcmp(name, "rwlocks") == 0) {
        start(on_rwlocks, 0, 2);
        release(2);
    } else if (strcmp(name, "pthreads") == 0 || strcmp(name, "mixed") == 0) {
        mixed = name[0] == 'm';
        start(on_pthread_mutexes, 0, 2);
        release(2);
    } else if (strcmp(name, "self") == 0) {
        start(locks_twice, 0, 1);
        release(1);
    } else if (strcmp(name, "join") == 0) {
        start(joins_the_other, 0, 2);
        release(2);
    } else if (strcmp(name, "orphan") == 0) {
        start(leaves_locked, 0, 1);
        must(thr_join(joined[0], NULL, NULL), "thr_join");
        start(locks_one, 0, 2);
    } else if (strcmp(name, "handover") == 0) {
        start(hands_over, 0, 3);
    } else if (strcmp(name, "conditions") == 0) {
        start(waits_for_signal, 0, 2);
        release(2);
    } else if (strcmp(name, "holder") == 0) {
        if (pipe(pipe_ends) != 0) {
            return 1;
        }
        must(thr_create(NULL, 0, reads_with_lock, &pipe_ends[0], 0, NULL), "thr_create");
        sema_wait(&holding);
        start(locks_one, 0, 1);
    } else if (strcmp(name, "starved") == 0) {
        if (pipe(pipe_ends) != 0) {
            return 1;
        }
        /* It takes the only LWP into the kernel, when we wait for our input. */
        must(thr_create(NULL, 0, reads_with_lock, &pipe_ends[0], 0, NULL), "thr_create");
        start(takes_turns, 0, 1);
    } else if (strncmp(name, "shared", 6) == 0) {
        shared_rwlocks = strcmp(name, "shared-rwlocks") == 0;
        run_shared(USYNC_PROCESS | (strcmp(name, "shared-robust") == 0 ? LOCK_ROBUST : 0));
    } else {
        return 2;
    }
    return 0;
}

int main(int argc, char** argv)
{
    const int error = argc == 2 ? run(argv[1]) : 2;
    if (error != 0) {
        return error;
    }
    puts("ready");
    fflush(stdout);
    await_end_of_input();
    return 0;
}
