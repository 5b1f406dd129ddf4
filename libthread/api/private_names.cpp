// Names of Solaris' library that no header declares and other vendors' libraries call.
#include <thread.h>

#include <pthread.h>
#include <unistd.h>

#include <csignal>
#include <cstddef>

#include "base/compiler.h"
#include "os/syscall.h"
#include "sched/thread.h"
#include "thread/keys.h"
#include "thread/life.h"

// libc's, for cleanup handlers that do not hang on a jump buffer.
extern "C" void _pthread_cleanup_push(_pthread_cleanup_buffer* record, void (*routine)(void*),
                                      void* argument);
extern "C" void _pthread_cleanup_pop(_pthread_cleanup_buffer* record, int execute);

namespace {

// The calling thread's _sigoff() calls.
struct SignalsOff {
    unsigned depth;
    sigset_t mask;  // before the first
};
LT_TLS SignalsOff signals_off;

// libc's buffer of such a handler, which calls run_off_the_list() in its stead.
struct Cleanup {
    void (*call)(void*);
    void* argument;
    void (*routine)(void*);  // the program's; libc keeps a cancellation type there, but not of ours
    Cleanup* next;
};
static_assert(sizeof(Cleanup) == sizeof(_pthread_cleanup_buffer) &&
              offsetof(Cleanup, next) == offsetof(_pthread_cleanup_buffer, __prev));

_pthread_cleanup_buffer* libcs(void* record)
{
    return static_cast<_pthread_cleanup_buffer*>(record);
}

// At the end of the thread: the newest handler is taken off first, so that it may end the thread,
// too. libc would take it off when it has returned.
void run_off_the_list(void* argument)
{
    _pthread_cleanup_buffer probe;
    _pthread_cleanup_push(&probe, nullptr, nullptr);
    auto* const newest = reinterpret_cast<Cleanup*>(probe.__prev);
    _pthread_cleanup_pop(&probe, 0);
    _pthread_cleanup_pop(libcs(newest), 0);
    newest->routine(argument);
}

}  // namespace

// Makes a thread detached, as pthread_detach does. ESRCH no such thread; EINVAL it is detached.
LT_EXPORT int _thr_detach(thread_t tid)
{
    return lt::to_errno(lt::detach_thread(lt::current(), tid));
}

// Deletes a key, as pthread_key_delete does: no destructor runs. EINVAL no such key.
LT_EXPORT int _thr_key_delete(thread_key_t key)
{
    return lt::to_errno(lt::delete_key(key));
}

LT_EXPORT thread_t _ti_thr_self(void)
{
    return thr_self();
}

LT_EXPORT std::size_t __pthread_min_stack(void)
{
    return thr_min_stack();
}

// How many threads there are, the caller among them.
LT_EXPORT int __nthreads(void)
{
    static_cast<void>(lt::current());
    // relaxed: a number that is old when it is read.
    return static_cast<int>(lt::process.threads());
}

// The frame pointer and the stack pointer of the caller. [frames are kept: CMakeLists.txt]
LT_EXPORT LT_NOINLINE void* _getfp(void)
{
    return *static_cast<void**>(__builtin_frame_address(0));
}

LT_EXPORT LT_NOINLINE void* _getsp(void)
{
    // Above our frame pointer and return address.
    return static_cast<char*>(__builtin_frame_address(0)) + 2 * sizeof(void*);
}

// Makes sure that the caller's stack reaches down to `address`, which it returns; an address that
// the stack cannot reach is a fault here.
LT_EXPORT void* _stack_grow(void* address)
{
    auto* const end = static_cast<volatile char*>(address);
    auto* at = static_cast<volatile char*>(__builtin_frame_address(0));
    while (at > end) {
        // A page at a time: the kernel enlarges the initial thread's stack where it is touched.
        at = static_cast<std::size_t>(at - end) > lt::kPageSize ? at - lt::kPageSize : end;
        static_cast<void>(*at);
    }
    return address;
}

LT_EXPORT pid_t _fork(void)
{
    return ::fork();
}

LT_EXPORT unsigned _sleep(unsigned seconds)  // NOLINT: Solaris' names, here and below
{
    return ::sleep(seconds);
}

// Keep all signals from the calling thread, until as many _sigon() have followed.
LT_EXPORT void _sigoff(void)  // NOLINT
{
    sigset_t all;
    sigfillset(&all);
    sigset_t before;
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    if (signals_off.depth++ == 0) {
        signals_off.mask = before;
    }
}

LT_EXPORT void _sigon(void)  // NOLINT
{
    if (signals_off.depth != 0 && --signals_off.depth == 0) {
        ::pthread_sigmask(SIG_SETMASK, &signals_off.mask, nullptr);
    }
}

// Around a call that is a cancellation point: in between, a cancellation acts at once.
LT_EXPORT void _cancelon(void)  // NOLINT
{
    ::pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, nullptr);
}

LT_EXPORT void _canceloff(void)  // NOLINT
{
    ::pthread_setcanceltype(PTHREAD_CANCEL_DEFERRED, nullptr);
}

// What pthread_cleanup_push and pthread_cleanup_pop stand for in Solaris' <pthread.h>. `record` is
// 32 bytes of the caller's frame, as there.
LT_EXPORT void __pthread_cleanup_push(void (*routine)(void*), void* argument, char* /*frame*/,
                                      void* record)
{
    static_assert(sizeof(Cleanup) == 32);
    static_cast<Cleanup*>(record)->routine = routine;
    _pthread_cleanup_push(libcs(record), run_off_the_list, argument);
}

LT_EXPORT void __pthread_cleanup_pop(int execute, void* record)
{
    _pthread_cleanup_pop(libcs(record), 0);
    if (execute != 0) {
        const auto& cleanup = *static_cast<Cleanup*>(record);
        cleanup.routine(cleanup.argument);
    }
}
