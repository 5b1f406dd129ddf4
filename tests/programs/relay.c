#include <stdio.h>
#include <sys/stat.h>
#include <thread.h>

#define RUNNERS 10000
static sema_t baton[RUNNERS + 1]; /* all zero: ready for use */

static void *runner(void *mine)
{
    sema_wait(mine); /* waits without a kernel thread */
    sema_post((sema_t *)mine + 1);
    return NULL;
}

int main(void)
{
    struct stat tasks;
    int i, home = 0;

    for (i = 0; i < RUNNERS; i++)
        thr_create(NULL, 0, runner, &baton[i], 0, NULL);
    stat("/proc/self/task", &tasks);
    sema_post(&baton[0]);
    while (thr_join(0, NULL, NULL) == 0)
        home++;
    printf("%d runners home, %d kernel threads\n", home, (int)tasks.st_nlink - 2);
    return home != RUNNERS;
}
