/* A program of a user of the library: twenty threads count under a mutex; the last line says so. */
#include <synch.h>
#include <thread.h>

#include <stdio.h>

#define THREADS 20
#define ROUNDS 1000

static mutex_t lock;
static int total;

static void* count(void* arg)
{
    int i;

    for (i = 0; i < ROUNDS; i++) {
        mutex_lock(&lock);
        total++;
        mutex_unlock(&lock);
    }
    return arg;
}

int main(void)
{
    int i;
    int joined = 0;

    for (i = 0; i < THREADS; i++)
        if (thr_create(NULL, 0, count, NULL, 0, NULL) != 0)
            return 1;
    while (thr_join(0, NULL, NULL) == 0)
        joined++;
    printf("joined %d, total %d\n", joined, total);
    return joined == THREADS && total == THREADS * ROUNDS ? 0 : 1;
}
