/*
 * HDR-01, HDR-09: a program as written before ANSI C: definitions without prototypes, implicit int,
 * start routines of any shape behind casts, NULL and 0 for whatever is not used.
 */
#include <thread.h>

#include <stdio.h>
#include <stdlib.h>

/* clang-format off */
#define WORKERS 5

static mutex_t count_lock;
static cond_t all_done;
static int done;

add_one(amount)
int amount;
{
    mutex_lock(&count_lock);
    done += amount;
    if (done == WORKERS)
        cond_signal(&all_done);
    mutex_unlock(&count_lock);
}

void *worker(arg)
void *arg;
{
    add_one((int)(long)arg);
    thr_exit(NULL);
}

silent_worker()
{
    add_one(1);
}

main(argc, argv)
int argc;
char **argv;
{
    thread_t tid[WORKERS + 1];
    int i, joined = 0;

    mutex_init(&count_lock, NULL, NULL);
    cond_init(&all_done, NULL, NULL);
    for (i = 0; i < WORKERS - 1; i++)
        if (thr_create(NULL, NULL, worker, (void *)1, NULL, &tid[i]))
            exit(1);
    if (thr_create(NULL, 0, (void *(*)())silent_worker, NULL, THR_NEW_LWP, NULL))
        exit(2);
    if (thr_create(NULL, 0, (void *(*)())thr_exit, (void *)7, THR_BOUND, &tid[WORKERS]))
        exit(3);
    mutex_lock(&count_lock);
    while (done < WORKERS)
        cond_wait(&all_done, &count_lock);
    mutex_unlock(&count_lock);
    while (thr_join(NULL, NULL, NULL) == 0)
        joined++;
    printf("%d threads joined, main is %d\n", joined, thr_self());
    exit(joined == WORKERS + 1 && thr_self() == 1 ? 0 : 4);
}
/* clang-format on */
