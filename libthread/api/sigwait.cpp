// sigwait(2), sigwaitinfo, sigtimedwait, sigsuspend(2), pause(2): an unbound thread waits without
// its LWP, and for signals sent to it wherever it runs.
#include <pthread.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <ctime>

#include "base/compiler.h"
#include "os/clock.h"
#include "os/real.h"
#include "os/signal_mask.h"
#include "os/syscall.h"
#include "thread/exec.h"
#include "thread/signal_wait.h"
#include "thread/signals.h"

namespace {

// A child of vfork waits in the kernel: its signals and their mask are there, and what the library
// knows is about its parent.
bool is_vfork_child()
{
    const lt::Thread* self = lt::current_thread;
    return self != nullptr && lt::is_vfork_child(*self);
}

// The calling thread if it does not own its LWP.
lt::Thread* unbound_self()
{
    lt::Thread& self = lt::current();
    return self.has(lt::kFlagBound) || self.has(lt::kFlagIdle) ? nullptr : &self;
}

int report(const siginfo_t& found, siginfo_t* info)
{
    if (info != nullptr) {
        *info = found;
    }
    return found.si_signo;
}

// The number of the signal, or -1 with errno.
int wait_unbound(lt::Thread& self, const sigset_t& set, siginfo_t* info, const std::timespec* limit)
{
    lt::Deadline deadline;
    if (limit != nullptr) {
        deadline.ns = lt::saturating_add(lt::os::monotonic_now(), lt::to_nanos(*limit));
    }
    siginfo_t found{};
    const lt::Error error = lt::wait_for_signal(self, lt::allowed_mask(lt::os::to_mask(set)), found,
                                                limit != nullptr ? &deadline : nullptr);
    if (error != lt::Error::kNone) {
        errno = error == lt::Error::kTimedOut ? EAGAIN : lt::to_errno(error);
        return -1;
    }
    return report(found, info);
}

// A signal of the library's own may end the kernel's wait: then it goes on.
int wait_bound(lt::Thread& self, const sigset_t& set, siginfo_t* info, const std::timespec* limit)
{
    ::pthread_testcancel();
    lt::AwaitedInKernel awaited{self, lt::allowed_mask(lt::os::to_mask(set))};
    siginfo_t held{};
    if (awaited.take_held_back(held)) {
        return report(held, info);
    }
    const std::uint32_t handlers = self.handlers_run;
    const std::int64_t end =
        limit != nullptr ? lt::saturating_add(lt::os::monotonic_now(), lt::to_nanos(*limit)) : 0;
    std::timespec rest = limit != nullptr ? *limit : std::timespec{};
    for (;;) {
        const int number =
            lt::os::real().sigtimedwait(&set, info, limit != nullptr ? &rest : nullptr);
        if (number >= 0 || errno != EINTR || self.handlers_run != handlers) {
            return number;
        }
        const std::int64_t left = end - lt::os::monotonic_now();
        rest = {left > 0 ? left / lt::kNanosPerSecond : 0,
                left > 0 ? left % lt::kNanosPerSecond : 0};
    }
}

// sigsuspend sets the mask behind the library's back: its handlers see it, and afterwards it is
// over.
int suspend_bound(const sigset_t* mask)
{
    lt::Thread& self = lt::current();
    if (self.has(lt::kFlagIdle)) {
        return lt::os::real().sigsuspend(mask);
    }
    const std::uint64_t before = self.signal_mask;
    self.signal_mask = lt::allowed_mask(lt::os::to_mask(*mask));
    const int result = lt::os::real().sigsuspend(mask);
    self.signal_mask = before;
    return result;
}

}  // namespace

LT_EXPORT int sigtimedwait(const sigset_t* set, siginfo_t* info, const std::timespec* limit)
{
    if (limit != nullptr && (limit->tv_sec < 0 || !lt::has_valid_nanos(*limit))) {
        errno = EINVAL;
        return -1;
    }
    if (is_vfork_child()) {
        return lt::os::real().sigtimedwait(set, info, limit);
    }
    if (lt::Thread* self = unbound_self()) {
        return wait_unbound(*self, *set, info, limit);
    }
    return wait_bound(lt::current(), *set, info, limit);
}

LT_EXPORT int sigwaitinfo(const sigset_t* set, siginfo_t* info)
{
    return ::sigtimedwait(set, info, nullptr);
}

// The POSIX form: an error number, and no EINTR.
LT_EXPORT int sigwait(const sigset_t* set, int* number)
{
    const int saved_errno = errno;
    int found = -1;
    do {
        found = ::sigtimedwait(set, nullptr, nullptr);
    } while (found < 0 && errno == EINTR);
    const int error = errno;
    errno = saved_errno;
    if (found < 0) {
        return error;
    }
    *number = found;
    return 0;
}

LT_EXPORT int sigsuspend(const sigset_t* mask)
{
    if (is_vfork_child()) {
        return lt::os::real().sigsuspend(mask);
    }
    lt::Thread* self = unbound_self();
    if (self == nullptr) {
        return suspend_bound(mask);
    }
    lt::suspend_for_signal(*self, lt::os::to_mask(*mask));
    errno = EINTR;
    return -1;
}

LT_EXPORT int pause()
{
    if (is_vfork_child()) {
        errno = -static_cast<int>(lt::os::raw_syscall(SYS_pause));
        return -1;
    }
    lt::Thread& self = lt::current();
    sigset_t mask;
    lt::os::from_mask(self.signal_mask, mask);
    return ::sigsuspend(&mask);
}

LT_ALIAS(__sigtimedwait, sigtimedwait);  // NOLINT: libc's names, here and below
LT_ALIAS(_sigwait, sigwait);
LT_ALIAS(_sigsuspend, sigsuspend);
