/* Unbound threads lock, make threads, and are sent signals by one of them, which counts. It says
 * "ready", answers each line on its standard input with how many signals have been handled, and
 * ends with its input: then every signal sent has been handled once, by its target, and the library
 * works on. For tests that attach to it meanwhile. */
#include <thread.h>

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { kThreads = 24 };

static mutex_t mutex;
static _Atomic thread_t ids[kThreads];
static atomic_ulong handled[kThreads];
static unsigned long sent[kThreads];
static atomic_ulong astray;
static atomic_ulong made;
static atomic_int stop_sending;
static atomic_int stop;
static __thread int own_index = -1;

static void count(int number)
{
    (void)number;
    if (own_index < 0 || ids[own_index] != thr_self()) {
        atomic_fetch_add(&astray, 1);
    } else {
        atomic_fetch_add(&handled[own_index], 1);
    }
}

static void fail(const char* what)
{
    fprintf(stderr, "%s\n", what);
    exit(1);
}

static void* nothing(void* argument)
{
    return argument;
}

/* Where a debugger sets its breakpoint. */
__attribute__((noinline)) void checkpoint(void)
{
    __asm__ volatile("");
}

static void* live(void* argument)
{
    own_index = (int)(long)argument;
    ids[own_index] = thr_self();
    for (unsigned round = 0; !stop; ++round) {
        mutex_lock(&mutex);
        mutex_unlock(&mutex);
        if (round % 64 == 0) {
            thread_t id = 0;
            if (thr_create(NULL, 0, nothing, NULL, 0, &id) == 0) {
                thr_join(id, NULL, NULL);
                atomic_fetch_add(&made, 1);
            }
            checkpoint();
        }
        thr_yield();
    }
    return NULL;
}

static void* send(void* argument)
{
    for (unsigned long i = 0; !stop_sending; ++i) {
        const int index = (int)(i % kThreads);
        if (ids[index] != 0 && thr_kill(ids[index], SIGRTMIN + 3) == 0) {
            ++sent[index];
        }
        thr_yield();
    }
    return argument;
}

static unsigned long total(void)
{
    unsigned long sum = 0;
    for (int i = 0; i < kThreads; ++i) {
        sum += handled[i];
    }
    return sum;
}

int main(void)
{
    struct sigaction action = {.sa_handler = count, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigaction(SIGRTMIN + 3, &action, NULL);
    thread_t threads[kThreads];
    thread_t sender = 0;
    for (long i = 0; i < kThreads; ++i) {
        if (thr_create(NULL, 0, live, (void*)i, 0, &threads[i]) != 0) {
            fail("thr_create");
        }
    }
    thr_create(NULL, 0, send, NULL, 0, &sender);
    printf("ready\n");
    fflush(stdout);
    char line[16];
    while (fgets(line, sizeof(line), stdin) != NULL) {
        printf("%lu\n", total());
        fflush(stdout);
    }
    alarm(60); /* one that is lost would be waited for */
    stop_sending = 1;
    thr_join(sender, NULL, NULL);
    for (int i = 0; i < kThreads; ++i) {
        while (handled[i] != sent[i]) {
            thr_yield();
        }
    }
    stop = 1;
    for (int i = 0; i < kThreads; ++i) {
        if (thr_join(threads[i], NULL, NULL) != 0) {
            fail("thr_join");
        }
    }
    if (astray != 0 || made == 0) {
        fail("signals went astray, or no thread could be made");
    }
    printf("healthy\n");
    return 0;
}
