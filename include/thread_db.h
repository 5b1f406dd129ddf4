/*
 * thread_db.h - threads, synchronisation objects and events of another process, for debuggers.
 *
 * Link with -llwpdb_td and define the functions of <proc_service.h>. Not glibc's header of that
 * name, which belongs to another library. Every function but td_log returns TD_OK or another code
 * below. Manual pages: td_ta_new(3thr), td_thr_get_info(3thr), td_sync_get_info(3thr).
 */
#ifndef _THREAD_DB_H
#define _THREAD_DB_H

#include <libthread/thread_db_types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The library finds the debugger's functions, and the other way round. */
#if defined(__GNUC__)
#pragma GCC visibility push(default)
#endif

typedef struct {
    td_thragent_t *ti_ta_p;
    unsigned int ti_user_flags; /* as for thr_create */
    thread_t ti_tid;
    char *ti_tls; /* its thread control block */
    psaddr_t ti_startfunc;
    psaddr_t ti_stkbase; /* the stack's upper end */
    long ti_stksize;
    psaddr_t ti_ro_area; /* the library's record of it */
    int ti_ro_size;
    td_thr_state_e ti_state;
    uchar_t ti_db_suspended;
    td_thr_type_e ti_type;
    psaddr_t ti_pc; /* 0: it runs */
    psaddr_t ti_sp;
    short ti_flags; /* the library's, see docs/INSPECT_ABI.md */
    int ti_pri;
    lwpid_t ti_lid; /* 0: on no LWP */
    sigset_t ti_sigmask;
    uchar_t ti_traceme; /* its events are reported */
    uchar_t ti_preemptflag;
    uchar_t ti_pirecflag;
    sigset_t ti_pending;
    td_thr_events_t ti_events;
} td_thrinfo_t;

typedef struct {
    td_thragent_t *si_ta_p;
    psaddr_t si_sv_addr;
    td_sync_type_e si_type;
    int si_shared_type; /* the object's type, as for its init function */
    td_sync_flags_t si_flags;
    union {
        int sem_count;
        int nreaders; /* -1: held for writing */
        int mutex_locked;
    } si_state;
    int si_size;
    uchar_t si_has_waiters;
    uchar_t si_is_wlock; /* held for writing */
    uchar_t si_rcount;   /* further holds of a recursive mutex */
    uchar_t si_prioceiling;
    td_thrhandle_t si_owner; /* th_unique 0: none, or of another process */
    pid_t si_ownerpid;       /* shared between processes, 0: unknown */
} td_syncinfo_t;

/* The second group: sums over the looks since td_ta_reset_stats, and how many looks these were. */
typedef struct {
    int nthreads;
    int r_concurrency; /* as asked by thr_setconcurrency */
    int nrunnable_num; /* threads ready to run */
    int nrunnable_den;
    int a_concurrency_num; /* LWPs that run threads */
    int a_concurrency_den;
    int nlwps_num; /* LWPs that serve threads */
    int nlwps_den;
    int nidle_num; /* of those, the ones without work */
    int nidle_den;
} td_ta_stats_t;
typedef struct {
    td_syncinfo_t info;
} td_syncstats_t;

/* What iterations call; anything but 0 ends them. */
typedef int td_thr_iter_f(const td_thrhandle_t *thread, void *argument);
typedef int td_key_iter_f(thread_key_t key, void (*destructor)(void *), void *argument);
typedef int td_sync_iter_f(const td_synchandle_t *object, void *argument);

td_err_e td_init(void);
void td_log(void);

/* The process. */
td_err_e td_ta_new(struct ps_prochandle *ph, td_thragent_t **ta);
td_err_e td_ta_delete(td_thragent_t *ta);
td_err_e td_ta_get_ph(const td_thragent_t *ta, struct ps_prochandle **ph);
td_err_e td_ta_get_nthreads(const td_thragent_t *ta, int *count);
td_err_e td_ta_setconcurrency(const td_thragent_t *ta, int level);
td_err_e td_ta_enable_stats(const td_thragent_t *ta, int on);
td_err_e td_ta_reset_stats(const td_thragent_t *ta);
td_err_e td_ta_get_stats(const td_thragent_t *ta, td_ta_stats_t *stats);
td_err_e td_ta_sync_tracking_enable(const td_thragent_t *ta, int on);
td_err_e td_ta_map_id2thr(const td_thragent_t *ta, thread_t id, td_thrhandle_t *th);
td_err_e td_ta_map_lwp2thr(const td_thragent_t *ta, lwpid_t lwp, td_thrhandle_t *th);
td_err_e td_ta_map_addr2sync(const td_thragent_t *ta, psaddr_t address, td_synchandle_t *sh);
td_err_e td_ta_thr_iter(const td_thragent_t *ta, td_thr_iter_f *visit, void *argument,
                        td_thr_state_e state, int lowest_priority, sigset_t *mask,
                        unsigned int user_flags);
td_err_e td_ta_tsd_iter(const td_thragent_t *ta, td_key_iter_f *visit, void *argument);
td_err_e td_ta_sync_iter(const td_thragent_t *ta, td_sync_iter_f *visit, void *argument);

/* Events. */
td_err_e td_ta_event_addr(const td_thragent_t *ta, td_event_e event, td_notify_t *notify);
td_err_e td_ta_set_event(const td_thragent_t *ta, td_thr_events_t *events);
td_err_e td_ta_clear_event(const td_thragent_t *ta, td_thr_events_t *events);
td_err_e td_ta_event_getmsg(const td_thragent_t *ta, td_event_msg_t *message);
td_err_e td_thr_event_enable(const td_thrhandle_t *th, int on);
td_err_e td_thr_set_event(const td_thrhandle_t *th, td_thr_events_t *events);
td_err_e td_thr_clear_event(const td_thrhandle_t *th, td_thr_events_t *events);
td_err_e td_thr_event_getmsg(const td_thrhandle_t *th, td_event_msg_t *message);

/* A thread. */
td_err_e td_thr_validate(const td_thrhandle_t *th);
td_err_e td_thr_get_info(const td_thrhandle_t *th, td_thrinfo_t *info);
td_err_e td_thr_dbsuspend(const td_thrhandle_t *th);
td_err_e td_thr_dbresume(const td_thrhandle_t *th);
td_err_e td_thr_sigsetmask(const td_thrhandle_t *th, sigset_t mask);
td_err_e td_thr_setsigpending(const td_thrhandle_t *th, uchar_t on, sigset_t pending);
td_err_e td_thr_setprio(const td_thrhandle_t *th, int priority);
td_err_e td_thr_tsd(const td_thrhandle_t *th, thread_key_t key, void **value);
td_err_e td_thr_tlsbase(const td_thrhandle_t *th, ulong_t module, psaddr_t *base);
td_err_e td_thr_lockowner(const td_thrhandle_t *th, td_sync_iter_f *visit, void *argument);
td_err_e td_thr_sleepinfo(const td_thrhandle_t *th, td_synchandle_t *sh);

/* Its registers. TD_PARTIALREG: it is parked, and has only those that calls preserve. */
td_err_e td_thr_getgregs(const td_thrhandle_t *th, prgregset_t registers);
td_err_e td_thr_setgregs(const td_thrhandle_t *th, const prgregset_t registers);
td_err_e td_thr_getfpregs(const td_thrhandle_t *th, prfpregset_t *registers);
td_err_e td_thr_setfpregs(const td_thrhandle_t *th, const prfpregset_t *registers);
td_err_e td_thr_getxregsize(const td_thrhandle_t *th, int *size);
td_err_e td_thr_getxregs(const td_thrhandle_t *th, void *registers);
td_err_e td_thr_setxregs(const td_thrhandle_t *th, const void *registers);

/* A synchronisation object. */
td_err_e td_sync_get_info(const td_synchandle_t *sh, td_syncinfo_t *info);
td_err_e td_sync_get_stats(const td_synchandle_t *sh, td_syncstats_t *stats);
td_err_e td_sync_setstate(const td_synchandle_t *sh, int state);
td_err_e td_sync_waiters(const td_synchandle_t *sh, td_thr_iter_f *visit, void *argument);

#if defined(__GNUC__)
#pragma GCC visibility pop
#endif

#ifdef __cplusplus
}
#endif

#endif /* _THREAD_DB_H */
