/* thread_db_types.h - the codes, sets and handles of <thread_db.h>, which includes it. */
#ifndef _LIBTHREAD_THREAD_DB_TYPES_H
#define _LIBTHREAD_THREAD_DB_TYPES_H

#include <bits/types/sigset_t.h> /* <signal.h> of strict C89 hides it */
#include <proc_service.h>
#include <synch.h>
#include <thread.h>

typedef enum {
    TD_OK,
    TD_ERR,
    TD_NOTHR,
    TD_NOSV,
    TD_NOLWP,
    TD_BADPH,
    TD_BADTH,
    TD_BADSH,
    TD_BADTA,
    TD_BADKEY,
    TD_NOMSG,
    TD_NOFPREGS,
    TD_NOLIBTHREAD,
    TD_NOEVENT,
    TD_NOCAPAB,
    TD_DBERR,
    TD_NOAPLIC,
    TD_NOTSD,
    TD_MALLOC,
    TD_PARTIALREG,
    TD_NOXREGS,
    TD_NOTLS,
    TD_TLSDEFER
} td_err_e;

typedef enum {
    TD_THR_ANY_STATE,
    TD_THR_UNKNOWN,
    TD_THR_STOPPED,
    TD_THR_RUN,
    TD_THR_ACTIVE,
    TD_THR_ZOMBIE,
    TD_THR_SLEEP,
    TD_THR_STOPPED_ASLEEP
} td_thr_state_e;

typedef enum { TD_THR_ANY_TYPE, TD_THR_USER, TD_THR_SYSTEM } td_thr_type_e;

typedef enum {
    TD_SYNC_UNKNOWN,
    TD_SYNC_COND,
    TD_SYNC_MUTEX,
    TD_SYNC_SEMA,
    TD_SYNC_RWLOCK
} td_sync_type_e;

typedef enum {
    TD_ALL_EVENTS = 0,
    TD_EVENT_NONE = 0,
    TD_READY = 1,
    TD_SLEEP,
    TD_SWITCHTO,
    TD_SWITCHFROM,
    TD_LOCK_TRY,
    TD_CATCHSIG,
    TD_IDLE,
    TD_CREATE,
    TD_DEATH,
    TD_PREEMPT,
    TD_PRI_INHERIT,
    TD_REAP,
    TD_CONCURRENCY,
    TD_TIMEOUT,
    TD_MIN_EVENT_NUM = TD_READY,
    TD_MAX_EVENT_NUM = TD_TIMEOUT,
    TD_EVENTS_ENABLE = 31
} td_event_e;

typedef enum { NOTIFY_BPT, NOTIFY_AUTOBPT, NOTIFY_SYSCALL } td_notify_e;

/* Where an event stops the thread in which it happens. */
typedef struct {
    td_notify_e type;
    union {
        psaddr_t bptaddr; /* to set a breakpoint at */
        int syscallno;
    } u;
} td_notify_t;

/* Sets of events. */
#define TD_EVENTSIZE 2
#define BT_UISHIFT 5
#define BT_NBIPUI 32
#define BT_UIMASK 31
typedef struct {
    unsigned int event_bits[TD_EVENTSIZE];
} td_thr_events_t;

#define __td_event_word(set, n) ((set)->event_bits[((n)-1) >> BT_UISHIFT])
#define __td_event_bit(n) (1U << (((n)-1) & BT_UIMASK))
#define td_event_emptyset(set) ((set)->event_bits[0] = (set)->event_bits[1] = 0)
#define td_event_fillset(set) ((set)->event_bits[0] = (set)->event_bits[1] = 0xffffffffU)
#define td_event_addset(set, n) (__td_event_word(set, n) |= __td_event_bit(n))
#define td_event_delset(set, n) (__td_event_word(set, n) &= ~__td_event_bit(n))
#define td_eventismember(set, n) ((__td_event_word(set, n) & __td_event_bit(n)) != 0)
#define td_eventisempty(set) ((set)->event_bits[0] == 0 && (set)->event_bits[1] == 0)

/* Handles: of a process, a thread in it, an object in it. */
typedef struct td_thragent td_thragent_t;
typedef struct {
    td_thragent_t *th_ta_p;
    psaddr_t th_unique;
} td_thrhandle_t;
typedef struct {
    td_thragent_t *sh_ta_p;
    psaddr_t sh_unique; /* the object's address */
} td_synchandle_t;

typedef struct {
    td_event_e event;
    const td_thrhandle_t *th_p; /* in which it happened; until the next message is taken */
    union {
        td_synchandle_t *sh;
        td_thrhandle_t *th; /* TD_CREATE: the new thread; likewise */
        unsigned long data;
    } msg;
} td_event_msg_t;

/* For td_ta_thr_iter: threads of any kind. */
#define TD_THR_ANY_USER_FLAGS 0xffffffffU
#define TD_THR_LOWEST_PRIORITY 0
#define TD_SIGNO_MASK 0 /* any mask */

#define TD_SV_MAX_FLAGS 4
typedef unsigned char td_sync_flags_t[TD_SV_MAX_FLAGS];

#endif /* _LIBTHREAD_THREAD_DB_TYPES_H */
