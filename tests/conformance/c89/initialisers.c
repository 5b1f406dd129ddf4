/* HDR-12: every static initialiser makes an object that is ready, alone and inside structures. */
#include <thread.h>

static mutex_t mutexes[] = {DEFAULTMUTEX, SHAREDMUTEX, RECURSIVEMUTEX, ERRORCHECKMUTEX,
                            RECURSIVE_ERRORCHECKMUTEX};
static cond_t conds[] = {DEFAULTCV, SHAREDCV};
static sema_t semas[] = {DEFAULTSEMA, SHAREDSEMA};
static rwlock_t locks[] = {DEFAULTRWLOCK, SHAREDRWLOCK};

static struct account {
    int number;
    mutex_t lock;
    cond_t changed;
} account = {5, DEFAULTMUTEX, DEFAULTCV};

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

int main(void)
{
    int i;

    for (i = 0; i < COUNT(mutexes); i++)
        if (mutex_lock(&mutexes[i]) != 0 || mutex_unlock(&mutexes[i]) != 0)
            return 1;
    if (mutex_lock(&mutexes[2]) != 0 || mutex_lock(&mutexes[2]) != 0 ||
        mutex_unlock(&mutexes[2]) != 0 || mutex_unlock(&mutexes[2]) != 0)
        return 2;
    if (mutex_unlock(&mutexes[3]) != EPERM)
        return 3;
    for (i = 0; i < COUNT(conds); i++)
        if (cond_broadcast(&conds[i]) != 0)
            return 4;
    for (i = 0; i < COUNT(semas); i++)
        if (sema_trywait(&semas[i]) != EBUSY || sema_post(&semas[i]) != 0 ||
            sema_trywait(&semas[i]) != 0)
            return 5;
    for (i = 0; i < COUNT(locks); i++)
        if (rw_rdlock(&locks[i]) != 0 || rw_unlock(&locks[i]) != 0 || rw_wrlock(&locks[i]) != 0 ||
            rw_unlock(&locks[i]) != 0)
            return 6;
    if (account.number != 5 || mutex_lock(&account.lock) != 0 ||
        cond_signal(&account.changed) != 0 || mutex_unlock(&account.lock) != 0)
        return 7;
    return 0;
}
