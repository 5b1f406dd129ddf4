/* HDR-03: the headers may be included again and in either order; here <synch.h> comes first. */
#include <synch.h>
#include <thread.h>

#include <synch.h>
#include <thread.h>

/* HDR-08, HDR-09, HDR-10: the values can be used by the preprocessor. */
#if THR_BOUND != 1 || THR_NEW_LWP != 2 || THR_DETACHED != 0x40 || THR_SUSPENDED != 0x80
#error "flags of thr_create"
#endif
#if THR_DAEMON != 0x100 || USYNC_THREAD != 0 || USYNC_PROCESS != 1
#error "flags and scopes"
#endif
#if LOCK_ERRORCHECK != 2 || LOCK_RECURSIVE != 4 || USYNC_PROCESS_ROBUST != 8
#error "bits of a mutex's type"
#endif
#if LOCK_PRIO_INHERIT != 0x10 || LOCK_PRIO_PROTECT != 0x20 || LOCK_ROBUST != 0x40
#error "bits of a mutex's type"
#endif

/* HDR-04, HDR-05, HDR-06, HDR-07: an array of negative size does not compile. */
typedef char thread_t_has_4_bytes[sizeof(thread_t) == 4 ? 1 : -1];
typedef char thread_t_is_unsigned[(thread_t)-1 > 0 ? 1 : -1];
typedef char thread_key_t_has_4_bytes[sizeof(thread_key_t) == 4 ? 1 : -1];
typedef char mutex_t_has_24_bytes[sizeof(mutex_t) == 24 ? 1 : -1];
typedef char cond_t_has_16_bytes[sizeof(cond_t) == 16 ? 1 : -1];
typedef char sema_t_has_48_bytes[sizeof(sema_t) == 48 ? 1 : -1];
typedef char rwlock_t_has_64_bytes[sizeof(rwlock_t) == 64 ? 1 : -1];
typedef char lwp_sema_t_has_24_bytes[sizeof(lwp_sema_t) == 24 ? 1 : -1];
typedef char lwp_mutex_t_is_like_mutex_t[sizeof(lwp_mutex_t) == sizeof(mutex_t) ? 1 : -1];
typedef char lwp_cond_t_is_like_cond_t[sizeof(lwp_cond_t) == sizeof(cond_t) ? 1 : -1];

/* HDR-18 */
typedef char hrtime_t_has_8_bytes[sizeof(hrtime_t) == 8 ? 1 : -1];
typedef char hrtime_t_is_signed[(hrtime_t)-1 < 0 ? 1 : -1];

int main(void)
{
    /* HDR-11 */
    return THR_MIN_STACK != thr_min_stack() || thr_self() != 1;
}
