/* HDR-16: the names with an underscore before them resolve at link time and do the same. */
#include <thread.h>

extern int _thr_create(void *, size_t, void *(*)(void *), void *, long, thread_t *);
extern int _thr_join(thread_t, thread_t *, void **);
extern void _thr_exit(void *);
extern thread_t _thr_self(void);
extern int _thr_main(void);
extern void _thr_yield(void);
extern int _thr_kill(thread_t, int);
extern int _thr_keycreate(thread_key_t *, void (*)(void *));
extern int _thr_setspecific(thread_key_t, void *);
extern int _thr_getspecific(thread_key_t, void **);
extern int _thr_setprio(thread_t, int);
extern int _thr_getprio(thread_t, int *);
extern int _thr_setconcurrency(int);
extern int _thr_getconcurrency(void);
extern size_t _thr_min_stack(void);
extern int _thr_stksegment(stack_t *);
extern int _mutex_lock(mutex_t *);
extern int _mutex_trylock(mutex_t *);
extern int _mutex_unlock(mutex_t *);
extern int _sema_post(sema_t *);
extern int _sema_trywait(sema_t *);
extern int _cond_signal(cond_t *);
extern int _rw_wrlock(rwlock_t *);
extern int _rw_tryrdlock(rwlock_t *);
extern int _rw_unlock(rwlock_t *);

static thread_key_t key;

static void *start(void *argument)
{
    void *value = 0;

    if (_thr_setspecific(key, argument) != 0 || thr_getspecific(key, &value) != 0)
        return 0;
    _thr_yield();
    if (_thr_self() == thr_self() && _thr_main() == 0)
        _thr_exit(value);
    return 0;
}

int main(void)
{
    mutex_t lock = DEFAULTMUTEX;
    sema_t sema = DEFAULTSEMA;
    cond_t cond = DEFAULTCV;
    rwlock_t table = DEFAULTRWLOCK;
    thread_t id;
    thread_t departed;
    void *status;
    int priority = -1;
    stack_t segment;

    if (_thr_keycreate(&key, 0) != 0 || _thr_create(0, 0, start, &key, THR_BOUND, &id) != 0)
        return 1;
    if (_thr_join(id, &departed, &status) != 0 || departed != id || status != &key)
        return 2;
    if (_thr_kill(thr_self(), 0) != 0 || _thr_kill(id, 0) != ESRCH)
        return 3;
    if (_thr_setprio(thr_self(), 5) != 0 || thr_getprio(thr_self(), &priority) != 0 ||
        priority != 5)
        return 4;
    if (_thr_getconcurrency() != thr_getconcurrency() || _thr_setconcurrency(-1) != EINVAL)
        return 5;
    if (_thr_min_stack() != thr_min_stack() || _thr_stksegment(&segment) != 0)
        return 6;
    if (_mutex_lock(&lock) != 0 || mutex_trylock(&lock) != EBUSY ||
        _mutex_trylock(&lock) != EBUSY || _mutex_unlock(&lock) != 0)
        return 7;
    if (_sema_post(&sema) != 0 || _sema_trywait(&sema) != 0 || _cond_signal(&cond) != 0)
        return 8;
    if (_rw_wrlock(&table) != 0 || _rw_tryrdlock(&table) != EBUSY || _rw_unlock(&table) != 0)
        return 9;
    return 0;
}
