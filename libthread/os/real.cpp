#include "os/real.h"

#include <dlfcn.h>

#include "base/atomic.h"
#include "base/check.h"

namespace lt::os {
namespace {

constinit RealFunctions functions;
// relaxed would do for the values (every finder stores the same); the flag publishes them.
constinit Atomic<bool> found{false};

template <class Function>
void find(Function& function, const char* name)
{
    function = reinterpret_cast<Function>(::dlsym(RTLD_NEXT, name));
    // dlsym looks behind this library only.
    LT_CHECK(function != nullptr, "loaded after libc: link the program itself with -lthread");
}

}  // namespace

const RealFunctions& real() noexcept
{
    // acquire: pairs with the release below.
    if (found.load(memory_order_acquire)) {
        return functions;
    }
    find(functions.join, "pthread_join");
    find(functions.detach, "pthread_detach");
    find(functions.exit, "pthread_exit");
    find(functions.cancel, "pthread_cancel");
    find(functions.kill, "pthread_kill");
    find(functions.getattr, "pthread_getattr_np");
    find(functions.sigqueue, "pthread_sigqueue");
    find(functions.tryjoin, "pthread_tryjoin_np");
    find(functions.clockjoin, "pthread_clockjoin_np");
    find(functions.getaffinity, "pthread_getaffinity_np");
    find(functions.setaffinity, "pthread_setaffinity_np");
    find(functions.getschedparam, "pthread_getschedparam");
    find(functions.setschedparam, "pthread_setschedparam");
    find(functions.setschedprio, "pthread_setschedprio");
    find(functions.getcpuclockid, "pthread_getcpuclockid");
    find(functions.getname, "pthread_getname_np");
    find(functions.setname, "pthread_setname_np");
    find(functions.mutex_init, "pthread_mutex_init");
    find(functions.register_cancel, "__pthread_register_cancel");
    find(functions.sigaction, "sigaction");
    find(functions.sigaltstack, "sigaltstack");
    find(functions.sigsuspend, "sigsuspend");
    find(functions.sigwait, "sigwait");
    find(functions.sigtimedwait, "sigtimedwait");
    find(functions.raise, "raise");
    find(functions.siglongjmp, "siglongjmp");
    find(functions.setcontext, "setcontext");
    find(functions.swapcontext, "swapcontext");
    find(functions.wait4, "wait4");
    find(functions.waitid, "waitid");
    find(functions.nanosleep, "nanosleep");
    find(functions.clock_nanosleep, "clock_nanosleep");
    found.store(true, memory_order_release);  // release: the pointers are in place
    return functions;
}

}  // namespace lt::os
