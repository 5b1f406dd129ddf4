/*
 * HDR-13: the *_HELD macros stand in assertions. HDR-14: what the program defines before is kept.
 * HDR-17: error names are cases of one switch. HDR-19: the scalar types of <sys/types.h>.
 */
#define NO_LOCKS_HELD 17
#define NO_COMPETING_THREADS 18

#undef NDEBUG
#include <thread.h>

#include <sys/types.h>

#include <assert.h>

static mutex_t lock = DEFAULTMUTEX;
static rwlock_t table = DEFAULTRWLOCK;
static sema_t empty = DEFAULTSEMA;

static boolean_t is_error_of_locks(int error)
{
    switch (error) {
        case ETIME:
        case ELOCKUNMAPPED:
        case EOWNERDEAD:
        case ENOTRECOVERABLE:
        case EDEADLK:
            return B_TRUE;
        default:
            return B_FALSE;
    }
}

int main(void)
{
    uchar_t byte = 255;
    ushort_t two_bytes = 65535;
    uint_t four_bytes = 0xffffffffU;
    ulong_t word = ~0UL;
    uintptr_t address = (uintptr_t)&lock;
    intptr_t offset = -1;
    uint64_t eight_bytes = ~(uint64_t)0;

    assert(NO_LOCKS_HELD == 17 && NO_COMPETING_THREADS == 18);
    (void)mutex_lock(&lock);
    assert(MUTEX_HELD(&lock));
    (void)mutex_unlock(&lock);
    (void)rw_rdlock(&table);
    assert(RW_READ_HELD(&table) && RW_LOCK_HELD(&table));
    (void)rw_unlock(&table);
    (void)rw_wrlock(&table);
    assert(RW_WRITE_HELD(&table) && RW_LOCK_HELD(&table));
    (void)rw_unlock(&table);
    assert(SEMA_HELD(&empty));
    assert(is_error_of_locks(ETIME) == B_TRUE && is_error_of_locks(EINVAL) == B_FALSE);
    assert(byte == 255 && two_bytes == 65535 && four_bytes + 1U == 0 && word + 1UL == 0);
    assert((void *)address == (void *)&lock && offset < 0 && eight_bytes + 1U == 0);
    assert(B_TRUE == 1 && B_FALSE == 0);
    return 0;
}
