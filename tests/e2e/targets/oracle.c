/*
 * oracle.c - parks threads at known places and says what an inspector must see.
 *
 * Prints one line a thread:
 *   thread ID STATE WAIT OBJECT OWNER READERS FUNCTION<FUNCTION<...
 * ("-" where there is nothing; functions of this file only, innermost first), then "ready", and
 * ends when its standard input does. With the argument "spin" one more thread computes for ever.
 * Every thread takes a path of calls of its own, made from its number, so that no stale or foreign
 * stack looks right. Two have names.
 */
#define _GNU_SOURCE
#include <synch.h>
#include <thread.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NOINLINE __attribute__((noinline, noclone))
/* What stands after a call keeps the compiler from making a jump of it. */
#define AFTER_CALL __asm__ volatile("" ::: "memory")

enum { kKinds = 7, kPerKind = 6, kWorkers = kKinds * kPerKind };

enum kind { ON_MUTEX, ON_COND, ON_SEMA, ON_READ_LOCK, ON_WRITE_LOCK, ON_READERS, ON_JOIN };

mutex_t oracle_mutex;
mutex_t oracle_cond_mutex;
cond_t oracle_cond;
sema_t oracle_sema;
sema_t oracle_hold;
rwlock_t oracle_written; /* held for writing by the holder */
rwlock_t oracle_read;    /* held for reading by main, twice */

struct worker {
    enum kind kind;
    unsigned path; /* two bits a call */
    unsigned depth;
    thread_t id;
};

static struct worker workers[kWorkers];
static thread_t holder_id;
static volatile unsigned long spins;
static volatile int holder_has_it;

static NOINLINE void block(const struct worker* w)
{
    switch (w->kind) {
        case ON_MUTEX:
            mutex_lock(&oracle_mutex);
            break;
        case ON_COND:
            mutex_lock(&oracle_cond_mutex);
            cond_wait(&oracle_cond, &oracle_cond_mutex);
            break;
        case ON_SEMA:
            sema_wait(&oracle_sema);
            break;
        case ON_READ_LOCK:
            rw_rdlock(&oracle_written);
            break;
        case ON_WRITE_LOCK:
            rw_wrlock(&oracle_written);
            break;
        case ON_READERS:
            rw_wrlock(&oracle_read);
            break;
        case ON_JOIN:
            thr_join(holder_id, NULL, NULL);
            break;
    }
    AFTER_CALL;
}

static NOINLINE void next(const struct worker* w, unsigned level);

static NOINLINE void step_a(const struct worker* w, unsigned level)
{
    next(w, level);
    AFTER_CALL;
}

static NOINLINE void step_b(const struct worker* w, unsigned level)
{
    volatile char room[200];
    room[level % sizeof room] = 1;
    next(w, level);
    AFTER_CALL;
}

static NOINLINE void step_c(const struct worker* w, unsigned level)
{
    volatile long saved = (long)level * 3;
    next(w, level);
    saved = saved + 1;
    AFTER_CALL;
}

static NOINLINE void step_d(const struct worker* w, unsigned level)
{
    next(w, level);
    AFTER_CALL;
}

typedef void (*step)(const struct worker* w, unsigned level);
static const step steps[4] = {step_a, step_b, step_c, step_d};
static const char* const step_names[4] = {"step_a", "step_b", "step_c", "step_d"};

static NOINLINE void next(const struct worker* w, unsigned level)
{
    if (level == w->depth) {
        block(w);
    } else {
        steps[w->path >> (2 * level) & 3](w, level + 1);
    }
    AFTER_CALL;
}

static NOINLINE void* worker_main(void* argument)
{
    next((const struct worker*)argument, 0);
    AFTER_CALL;
    return NULL;
}

static NOINLINE void* holder_main(void* argument)
{
    pthread_setname_np(pthread_self(), "holder");
    rw_wrlock(&oracle_written);
    holder_has_it = 1;
    sema_wait(&oracle_hold);
    AFTER_CALL;
    return argument;
}

static NOINLINE void* spinner_main(void* argument)
{
    pthread_setname_np(pthread_self(), "spinner");
    for (;;) {
        spins = spins + 1;
    }
    return argument;
}

static NOINLINE void* never_main(void* argument)
{
    return argument;
}

static void must(int error, const char* what)
{
    if (error != 0) {
        fprintf(stderr, "oracle: %s: %s\n", what, strerror(error));
        exit(1);
    }
}

static void print_wait(const struct worker* w)
{
    static const char* const waits[kKinds] = {"mutex",  "cond",   "sema", "rdlock",
                                              "wrlock", "wrlock", "join"};
    static const char* const objects[kKinds] = {"oracle_mutex",
                                                "oracle_cond",
                                                "oracle_sema",
                                                "oracle_written",
                                                "oracle_written",
                                                "oracle_read",
                                                "-"};
    printf("blocked %s %s ", waits[w->kind], objects[w->kind]);
    switch (w->kind) {
        case ON_MUTEX:
            printf("%u - ", (unsigned)thr_self());
            break;
        case ON_READ_LOCK:
        case ON_WRITE_LOCK:
        case ON_JOIN:
            printf("%u - ", (unsigned)holder_id);
            break;
        case ON_READERS:
            printf("- 2 ");
            break;
        case ON_COND:
        case ON_SEMA:
            printf("- - ");
            break;
    }
}

static void print_worker(const struct worker* w)
{
    unsigned level;
    printf("thread %u ", (unsigned)w->id);
    print_wait(w);
    printf("block");
    for (level = w->depth; level > 0; --level) {
        printf("<next<%s", step_names[w->path >> (2 * (level - 1)) & 3]);
    }
    printf("<next<worker_main\n");
}

static NOINLINE void wait_for_end(void)
{
    char byte;
    while (syscall(SYS_read, STDIN_FILENO, &byte, 1) > 0) {}
    AFTER_CALL;
}

int main(int argc, char** argv)
{
    unsigned i;
    unsigned seed = 12345;
    thread_t id;
    setvbuf(stdout, NULL, _IOFBF, 1 << 16);
    must(mutex_lock(&oracle_mutex), "mutex_lock");
    must(rw_rdlock(&oracle_read), "rw_rdlock");
    must(rw_rdlock(&oracle_read), "rw_rdlock");
    must(thr_create(NULL, 0, holder_main, NULL, 0, &holder_id), "thr_create");
    while (!holder_has_it) {
        thr_yield();
    }
    for (i = 0; i < kWorkers; ++i) {
        struct worker* const w = &workers[i];
        seed = seed * 1664525u + 1013904223u;
        w->kind = (enum kind)(i % kKinds);
        w->path = seed >> 8;
        w->depth = 1 + i % 12;
        must(thr_create(NULL, 0, worker_main, w, 0, &w->id), "thr_create");
        print_worker(w);
    }
    printf("thread %u blocked sema oracle_hold - - holder_main\n", (unsigned)holder_id);
    must(thr_create(NULL, 0, never_main, NULL, THR_SUSPENDED, &id), "thr_create");
    printf("thread %u stopped - - - - -\n", (unsigned)id);
    if (argc > 1 && strcmp(argv[1], "spin") == 0) {
        must(thr_create(NULL, 0, spinner_main, NULL, THR_BOUND, &id), "thr_create");
        printf("thread %u running - - - - spinner_main\n", (unsigned)id);
    }
    printf("thread %u running - - - - wait_for_end<main\n", (unsigned)thr_self());
    puts("ready");
    fflush(stdout);
    wait_for_end();
    fflush(NULL);
    _exit(0);
}
