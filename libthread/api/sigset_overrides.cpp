// signal(3), sigset(3) and kin, siginterrupt(3), sigblock(3) and kin: what System V, BSD and X/Open
// had before sigaction. libc's own would set handlers behind the library, and masks of LWPs.
#include <cerrno>
#include <csignal>

#include "base/atomic.h"
#include "base/compiler.h"
#include "os/signal_mask.h"

namespace {

using Handler = sighandler_t;

// The signals whose handlers interrupt calls: what siginterrupt() tells signal(). relaxed: calls
// that race are the program's to order.
constinit lt::Atomic<std::uint64_t> interrupting{0};

bool is_signal(int number)
{
    if (number > 0 && number <= 64) {
        return true;
    }
    errno = EINVAL;
    return false;
}

sigset_t set_of(std::uint64_t mask)
{
    sigset_t set;
    lt::os::from_mask(mask, set);
    return set;
}

Handler set_handler(int number, Handler handler, int flags, std::uint64_t mask)
{
    struct sigaction action {};
    struct sigaction before {};
    action.sa_handler = handler;
    action.sa_flags = flags;
    action.sa_mask = set_of(mask);
    return ::sigaction(number, &action, &before) == 0 ? before.sa_handler : SIG_ERR;
}

// Opens or closes one signal; returns whether it was closed.
bool change_one(int how, int number)
{
    const sigset_t one = set_of(lt::os::signal_bit(number));
    sigset_t before;
    sigemptyset(&before);
    ::sigprocmask(how, &one, &before);
    return sigismember(&before, number) == 1;
}

std::uint64_t current_mask()
{
    sigset_t mask;
    sigemptyset(&mask);
    ::sigprocmask(SIG_BLOCK, nullptr, &mask);
    return lt::os::to_mask(mask);
}

int wait_with(std::uint64_t mask)
{
    const sigset_t set = set_of(mask);
    return ::sigsuspend(&set);
}

// BSD's masks have 32 signals.
int change_many(int how, int signals)
{
    const sigset_t set = set_of(static_cast<std::uint32_t>(signals));
    sigset_t before;
    sigemptyset(&before);
    ::sigprocmask(how, &set, &before);
    return static_cast<int>(lt::os::to_mask(before));
}

}  // namespace

// BSD's rule, as in glibc: the handler stays and system calls restart.
LT_EXPORT Handler signal(int number, Handler handler) noexcept
{
    if (!is_signal(number) || handler == SIG_ERR) {
        errno = EINVAL;
        return SIG_ERR;
    }
    const std::uint64_t bit = lt::os::signal_bit(number);
    // relaxed: see its declaration.
    const bool interrupts = (interrupting.load(lt::memory_order_relaxed) & bit) != 0;
    return set_handler(number, handler, interrupts ? 0 : SA_RESTART, interrupts ? 0 : bit);
}

// System V's: once, and open meanwhile.
LT_EXPORT Handler sysv_signal(int number, Handler handler) noexcept
{
    if (handler == SIG_ERR) {
        errno = EINVAL;
        return SIG_ERR;
    }
    return set_handler(number, handler, static_cast<int>(SA_RESETHAND | SA_NODEFER), 0);
}

LT_EXPORT int siginterrupt(int number, int interrupt) noexcept
{
    struct sigaction action {};
    if (::sigaction(number, nullptr, &action) != 0) {
        return -1;
    }
    const std::uint64_t bit = lt::os::signal_bit(number);
    if (interrupt != 0) {
        interrupting.fetch_or(bit, lt::memory_order_relaxed);  // relaxed: see its declaration
        action.sa_flags &= ~SA_RESTART;
    } else {
        interrupting.fetch_and(~bit, lt::memory_order_relaxed);  // relaxed: as above
        action.sa_flags |= SA_RESTART;
    }
    return ::sigaction(number, &action, nullptr);
}

// System V release 4's: a handler that stays, with its signal closed while it runs.
LT_EXPORT Handler sigset(int number, Handler handler) noexcept
{
    if (!is_signal(number) || handler == SIG_ERR) {
        errno = EINVAL;
        return SIG_ERR;
    }
    if (handler == SIG_HOLD) {
        struct sigaction action {};
        if (::sigaction(number, nullptr, &action) != 0) {
            return SIG_ERR;
        }
        return change_one(SIG_BLOCK, number) ? SIG_HOLD : action.sa_handler;
    }
    const Handler before = set_handler(number, handler, 0, 0);
    if (before == SIG_ERR) {
        return SIG_ERR;
    }
    return change_one(SIG_UNBLOCK, number) ? SIG_HOLD : before;
}

LT_EXPORT int sighold(int number) noexcept
{
    if (!is_signal(number)) {
        return -1;
    }
    change_one(SIG_BLOCK, number);
    return 0;
}

LT_EXPORT int sigrelse(int number) noexcept
{
    if (!is_signal(number)) {
        return -1;
    }
    change_one(SIG_UNBLOCK, number);
    return 0;
}

LT_EXPORT int sigignore(int number) noexcept
{
    return set_handler(number, SIG_IGN, 0, 0) != SIG_ERR ? 0 : -1;
}

// X/Open's sigpause opens one signal; BSD's takes the mask to wait with.
LT_EXPORT int __xpg_sigpause(int number)  // NOLINT: libc's name, here and below
{
    return is_signal(number) ? wait_with(current_mask() & ~lt::os::signal_bit(number)) : -1;
}

LT_EXPORT int __sigpause(int number_or_mask, int is_number)  // NOLINT
{
    return is_number != 0 ? __xpg_sigpause(number_or_mask)
                          : wait_with(static_cast<std::uint32_t>(number_or_mask));
}

// <signal.h> gives this name to X/Open's: programs that mean BSD's call it by its symbol.
extern "C" __attribute__((visibility("default"))) int bsd_sigpause(int mask) __asm__("sigpause");
int bsd_sigpause(int mask)
{
    return wait_with(static_cast<std::uint32_t>(mask));
}

LT_EXPORT int sigblock(int signals) noexcept
{
    return change_many(SIG_BLOCK, signals);
}

LT_EXPORT int sigsetmask(int signals) noexcept
{
    return change_many(SIG_SETMASK, signals);
}

LT_EXPORT int siggetmask() noexcept
{
    return change_many(SIG_BLOCK, 0);
}

LT_ALIAS(bsd_signal, signal);
LT_ALIAS(ssignal, signal);
LT_ALIAS(__sysv_signal, sysv_signal);  // NOLINT
