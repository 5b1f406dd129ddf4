/*
 * lwpdb.h - user threads of libthread in another process, a core file or a saved snapshot.
 *
 * A handle is opened on a target and refreshed; every other function answers from the picture that
 * the last lwpdb_refresh took, so all answers agree with each other.  Nothing is ever written to a
 * target, and nothing of it stays stopped between two calls.  Strings belong to the handle until
 * the next lwpdb_refresh or lwpdb_close.  A handle may be used by one thread at a time; different
 * handles by different threads.
 *
 * Structures begin with their size, set by the caller to sizeof: a later library fills in what the
 * caller knows.  Functions return LWPDB_OK or another code below; lwpdb_message says why in a
 * sentence.
 */
#ifndef _LWPDB_H
#define _LWPDB_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define LWPDB_API __attribute__((visibility("default")))

typedef struct lwpdb lwpdb_t;

typedef enum {
    LWPDB_OK = 0,
    LWPDB_NO_PROCESS,  /* no such process, or it has ended */
    LWPDB_NO_ACCESS,   /* the kernel does not allow it */
    LWPDB_NO_LIBRARY,  /* the target has no libthread, or it has not started */
    LWPDB_VERSION,     /* a descriptor or file of another version */
    LWPDB_UNSUPPORTED, /* not an x86-64 program */
    LWPDB_NOT_FOUND,   /* no such thread, LWP or object */
    LWPDB_PARTIAL,     /* done, but something could not be read */
    LWPDB_BAD_ARGUMENT,
    LWPDB_FAILED
} lwpdb_error_t;

typedef enum { LWPDB_GENTLE, LWPDB_NOSTOP, LWPDB_INSTANT } lwpdb_mode_t;

typedef enum {
    LWPDB_STATE_UNKNOWN,
    LWPDB_STATE_STOPPED,
    LWPDB_STATE_READY,
    LWPDB_STATE_RUNNING,
    LWPDB_STATE_BLOCKED,
    LWPDB_STATE_ZOMBIE,
    LWPDB_STATE_SWITCHING
} lwpdb_state_t;

typedef enum {
    LWPDB_WAIT_NONE,
    LWPDB_WAIT_MUTEX,
    LWPDB_WAIT_COND,
    LWPDB_WAIT_SEMA,
    LWPDB_WAIT_READ_LOCK,
    LWPDB_WAIT_WRITE_LOCK,
    LWPDB_WAIT_JOIN,
    LWPDB_WAIT_EXIT,
    LWPDB_WAIT_OTHER
} lwpdb_wait_t;

/* What is unknown is 0 or empty, unless said otherwise. */
typedef struct {
    size_t size;
    uint64_t id;
    lwpdb_state_t state;
    const char* state_name; /* the library's own word */
    const char* name;
    const char* flags; /* "bound,detached" */
    int32_t lwp;       /* kernel id of the LWP that runs it, 0: none */
    lwpdb_wait_t wait;
    const char* wait_name;
    uint64_t wait_object;
    const char* wait_object_name;
    uint64_t wait_target; /* join: the thread waited for */
    uint64_t owner;       /* of the object: a thread id */
    int32_t owner_lwp;    /* or a kernel id, where a pthread mutex is waited for */
    int64_t since_ns;     /* blocked or ready for so long; -1: unknown */
    uint64_t switches;
    uint64_t creator;
    uint64_t start; /* address of the start function */
    const char* start_name;
    int32_t priority;
    uint64_t stack_lo, stack_hi, sp;
} lwpdb_thread_t;

typedef struct {
    size_t size;
    int32_t tid;
    int32_t index; /* in the library, -1: not one of its */
    char kernel_state;
    const char* state_name; /* the library's word, empty: none */
    const char* name;
    uint64_t thread;         /* the user thread it carries, 0: none */
    const char* system_call; /* "read(0, 0x.., 1)", empty: not in one */
    uint64_t wait_object;    /* a futex or pthread mutex */
    int32_t owner_lwp;       /* who holds that mutex */
} lwpdb_lwp_t;

typedef struct {
    size_t size;
    const char* kind; /* "mutex", "rwlock", "cond", ... */
    uint64_t address;
    const char* name;
    uint64_t owner;    /* a thread id */
    int32_t owner_lwp; /* or a kernel id */
    uint64_t readers;
    size_t waiters;
    int32_t owner_process; /* not 0: `owner` is a thread of this other process */
} lwpdb_sync_t;

typedef struct {
    size_t size;
    uint64_t pc;
    uint64_t offset; /* from the function's start */
    const char* function;
    const char* module;
} lwpdb_frame_t;

typedef struct {
    size_t size;
    lwpdb_mode_t mode;
    int stacks; /* 0: none are read, and lwpdb_thread_stack says LWPDB_NOT_FOUND */
    uint32_t depth;
    uint32_t timeout_ms;
} lwpdb_request_t;

typedef struct {
    size_t size;
    int64_t pause_ns; /* all stops together */
    int64_t spread_ns;
    uint32_t paused_lwps;
    size_t threads, lwps;
    uint64_t unread; /* threads that could not be read */
} lwpdb_stats_t;

/* A target that the caller can read and this library cannot, such as one within a debugger. */
typedef struct {
    uint64_t start, end, offset;
    int readable, writable, executable;
    const char* path; /* "" for memory that is no file's */
} lwpdb_mapping_t;

/* Registers of a stopped LWP. */
typedef struct {
    int32_t tid;
    uint64_t rip, rsp, rbp, rbx, r12, r13, r14, r15;
} lwpdb_registers_t;

typedef struct {
    size_t size;
    int32_t pid; /* as the target sees itself */
    /* Copies at most `length` bytes; returns how many leading ones it could read. */
    size_t (*read)(void* argument, uint64_t address, void* into, size_t length);
    /* Mapping or LWP number `n`; returns 0 when there is no such one. */
    int (*mapping)(void* argument, size_t n, lwpdb_mapping_t* mapping);
    int (*lwp)(void* argument, size_t n, lwpdb_registers_t* registers);
} lwpdb_ops_t;

LWPDB_API lwpdb_error_t lwpdb_open_pid(int32_t pid, lwpdb_t** handle);
/* `program` and `sysroot` may be NULL. */
LWPDB_API lwpdb_error_t lwpdb_open_core(const char* path, const char* program, const char* sysroot,
                                        lwpdb_t** handle);
LWPDB_API lwpdb_error_t lwpdb_open_file(const char* path, lwpdb_t** handle);
/* `ops` and what it names must live as long as the handle. */
LWPDB_API lwpdb_error_t lwpdb_open_ops(const lwpdb_ops_t* ops, void* argument, lwpdb_t** handle);
LWPDB_API void lwpdb_close(lwpdb_t* handle);

/* `request` may be NULL: gentle, with stacks.  `stats` may be NULL. */
LWPDB_API lwpdb_error_t lwpdb_refresh(lwpdb_t* handle, const lwpdb_request_t* request,
                                      lwpdb_stats_t* stats);

/* Why the last call on the handle did not return LWPDB_OK.  `handle` NULL: the last open that
 * failed in the calling thread. */
LWPDB_API const char* lwpdb_message(const lwpdb_t* handle);
LWPDB_API const char* lwpdb_strerror(lwpdb_error_t error);

/* Calls `visit` for each, by id; one that returns non-zero ends it. */
LWPDB_API lwpdb_error_t lwpdb_thread_iter(
    lwpdb_t* handle, int (*visit)(const lwpdb_thread_t* thread, void* argument), void* argument);
LWPDB_API lwpdb_error_t lwpdb_lwp_iter(lwpdb_t* handle,
                                       int (*visit)(const lwpdb_lwp_t* lwp, void* argument),
                                       void* argument);
LWPDB_API lwpdb_error_t lwpdb_sync_iter(lwpdb_t* handle,
                                        int (*visit)(const lwpdb_sync_t* object, void* argument),
                                        void* argument);

LWPDB_API lwpdb_error_t lwpdb_thread_info(lwpdb_t* handle, uint64_t id, lwpdb_thread_t* thread);
LWPDB_API lwpdb_error_t lwpdb_lwp_to_thread(lwpdb_t* handle, int32_t tid, uint64_t* id);
LWPDB_API lwpdb_error_t lwpdb_sync_info(lwpdb_t* handle, uint64_t address, lwpdb_sync_t* object);
/* The ids of user threads that wait for the object; at most `most` are stored, all are counted. */
LWPDB_API lwpdb_error_t lwpdb_sync_waiters(lwpdb_t* handle, uint64_t address, uint64_t* ids,
                                           size_t most, size_t* count);
/* Innermost frame first; at most `most` are stored, all that were read are counted.  `end` (may be
 * NULL) says why there are no more: "entry", "bottom", "limit", "moving", ... */
LWPDB_API lwpdb_error_t lwpdb_thread_stack(lwpdb_t* handle, uint64_t id, lwpdb_frame_t* frames,
                                           size_t most, size_t* count, const char** end);

#ifdef __cplusplus
}
#endif

#endif /* _LWPDB_H */
