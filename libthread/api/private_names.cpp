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
    static_assert(sizeof(_pthread_cleanup_buffer) <= 32);
    _pthread_cleanup_push(static_cast<_pthread_cleanup_buffer*>(record), routine, argument);
}

LT_EXPORT void __pthread_cleanup_pop(int execute, void* record)
{
    _pthread_cleanup_pop(static_cast<_pthread_cleanup_buffer*>(record), execute);
}
