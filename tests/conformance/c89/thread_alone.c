/*
 * HDR-01: <thread.h> alone brings the synchronisation types, sigset_t, stack_t, USYNC_THREAD,
 * gethrtime and the error names. No other header is included here, so failures are exit statuses.
 */
#include <thread.h>

static mutex_t lock;
static cond_t changed;
static rwlock_t table;
static sema_t ready;
static int shared;

static void *work(void *argument)
{
    sigset_t mask;
    stack_t segment;

    if (thr_sigsetmask(SIG_BLOCK, 0, &mask) != 0 || thr_stksegment(&segment) != 0)
        return 0;
    (void)mutex_lock(&lock);
    shared = 1;
    (void)cond_signal(&changed);
    (void)mutex_unlock(&lock);
    (void)rw_rdlock(&table);
    (void)rw_unlock(&table);
    (void)sema_post(&ready);
    return argument;
}

int main(void)
{
    thread_t id;
    void *status;
    hrtime_t begin = gethrtime();

    if (mutex_init(&lock, USYNC_THREAD, 0) != 0 || sema_init(&ready, 0, USYNC_THREAD, 0) != 0)
        return 1;
    if (thr_create(0, 0, work, &shared, THR_BOUND, &id) != 0)
        return 2;
    (void)mutex_lock(&lock);
    while (shared == 0)
        if (cond_wait(&changed, &lock) == EINTR)
            continue;
    (void)mutex_unlock(&lock);
    while (sema_wait(&ready) == EINTR)
        ;
    if (thr_join(id, 0, &status) != 0 || status != &shared)
        return 3;
    if (thr_join(id, 0, 0) != ESRCH)
        return 4;
    return gethrtime() < begin;
}
