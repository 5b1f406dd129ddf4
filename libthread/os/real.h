// glibc's own versions of the functions that libthread exports under the same names.
#pragma once

#include <pthread.h>
#include <setjmp.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <ucontext.h>

#include <csignal>
#include <ctime>

#include "base/compiler.h"

namespace lt::os {

struct RealFunctions {
    decltype(&::pthread_join) join = nullptr;
    decltype(&::pthread_detach) detach = nullptr;
    decltype(&::pthread_exit) exit = nullptr;
    decltype(&::pthread_cancel) cancel = nullptr;
    decltype(&::pthread_kill) kill = nullptr;
    decltype(&::pthread_getattr_np) getattr = nullptr;
    int (*sigqueue)(pthread_t, int, sigval) = nullptr;
    decltype(&::pthread_tryjoin_np) tryjoin = nullptr;
    decltype(&::pthread_clockjoin_np) clockjoin = nullptr;
    decltype(&::pthread_getaffinity_np) getaffinity = nullptr;
    decltype(&::pthread_setaffinity_np) setaffinity = nullptr;
    decltype(&::pthread_getschedparam) getschedparam = nullptr;
    decltype(&::pthread_setschedparam) setschedparam = nullptr;
    decltype(&::pthread_setschedprio) setschedprio = nullptr;
    decltype(&::pthread_getcpuclockid) getcpuclockid = nullptr;
    decltype(&::pthread_getname_np) getname = nullptr;
    decltype(&::pthread_setname_np) setname = nullptr;
    decltype(&::pthread_mutex_init) mutex_init = nullptr;
    decltype(&::__pthread_register_cancel) register_cancel = nullptr;
    decltype(&::sigaction) sigaction = nullptr;
    decltype(&::sigaltstack) sigaltstack = nullptr;
    decltype(&::sigsuspend) sigsuspend = nullptr;
    decltype(&::sigwait) sigwait = nullptr;
    decltype(&::sigtimedwait) sigtimedwait = nullptr;
    decltype(&::raise) raise = nullptr;
    void (*siglongjmp)(__jmp_buf_tag*, int) = nullptr;
    decltype(&::setcontext) setcontext = nullptr;
    decltype(&::swapcontext) swapcontext = nullptr;
    pid_t (*wait4)(pid_t, int*, int, rusage*) = nullptr;
    decltype(&::waitid) waitid = nullptr;
    decltype(&::nanosleep) nanosleep = nullptr;
    decltype(&::clock_nanosleep) clock_nanosleep = nullptr;
};

// Found at the first use, at the latest by the library's constructor.
const RealFunctions& real() noexcept;

[[noreturn]] inline void real_pthread_exit(void* status) noexcept
{
    real().exit(status);
    __builtin_unreachable();
}

[[noreturn]] inline void real_siglongjmp(__jmp_buf_tag* environment, int value) noexcept
{
    real().siglongjmp(environment, value);
    __builtin_unreachable();
}

// ThreadSanitizer's run time, which overrides it as well, has to know of joins.
inline int real_pthread_join(pthread_t thread, void** status) noexcept
{
    return kThreadSanitizer ? ::pthread_join(thread, status) : real().join(thread, status);
}

}  // namespace lt::os
