/* HDR-02: <synch.h> alone brings the synchronisation types and functions. */
#include <synch.h>

static mutex_t lock = DEFAULTMUTEX;
static cond_t changed = DEFAULTCV;
static sema_t free_slots = DEFAULTSEMA;
static rwlock_t table = DEFAULTRWLOCK;
static lwp_mutex_t lwp_lock;
static lwp_sema_t lwp_slots;

int main(void)
{
    if (mutex_lock(&lock) != 0 || mutex_trylock(&lock) != EBUSY || mutex_unlock(&lock) != 0)
        return 1;
    if (cond_signal(&changed) != 0 || cond_broadcast(&changed) != 0)
        return 2;
    if (sema_trywait(&free_slots) != EBUSY || sema_post(&free_slots) != 0 ||
        sema_wait(&free_slots) != 0)
        return 3;
    if (rw_wrlock(&table) != 0 || rw_tryrdlock(&table) != EBUSY || rw_unlock(&table) != 0)
        return 4;
    if (mutex_destroy(&lock) != 0 || cond_destroy(&changed) != 0 ||
        sema_destroy(&free_slots) != 0 || rwlock_destroy(&table) != 0)
        return 5;
    if (_lwp_mutex_lock(&lwp_lock) != 0 || _lwp_mutex_unlock(&lwp_lock) != 0 ||
        _lwp_sema_post(&lwp_slots) != 0 || _lwp_sema_wait(&lwp_slots) != 0)
        return 6;
    return 0;
}
