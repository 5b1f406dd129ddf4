// _signotifywait, _lwp_sigredirect: signals of the process, taken by one LWP and sent to others.
#include <sys/lwp.h>

#include <cerrno>
#include <csignal>

#include "base/compiler.h"
#include "os/signal_mask.h"
#include "thread/handlers.h"
#include "thread/signals.h"

LT_EXPORT int _signotifywait(void)
{
    // Those that the hardware raises belong to the thread that caused them.
    constexpr std::uint64_t kFaults = lt::os::signal_bit(SIGSEGV) | lt::os::signal_bit(SIGBUS) |
                                      lt::os::signal_bit(SIGFPE) | lt::os::signal_bit(SIGILL) |
                                      lt::os::signal_bit(SIGTRAP) | lt::os::signal_bit(SIGSYS);
    const std::uint64_t wanted = lt::os::kAllSignals & ~kFaults & ~lt::library_signals();
    const long signal = lt::os::raw_syscall(SYS_rt_sigtimedwait, lt::os::syscall_argument(&wanted),
                                            0, 0, sizeof(wanted));
    if (signal < 0) {
        errno = static_cast<int>(-signal);
        return -1;
    }
    return static_cast<int>(signal);
}

LT_EXPORT int _lwp_sigredirect(lwpid_t target, int sig, int* queued)
{
    if (sig <= 0) {
        return EINVAL;
    }
    if (queued != nullptr) {
        *queued = 0;
    }
    return target == 0
               ? 0
               : lt::to_errno(lt::kill_thread(lt::current(), target, lt::info_of_kill(sig)));
}
