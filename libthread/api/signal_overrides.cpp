// libc's signal functions under their own names. What concerns the mask of a thread goes to the
// library; a thread that it does not know calls straight through.
#include <dlfcn.h>
#include <pthread.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "base/compiler.h"
#include "os/real.h"
#include "os/signal_mask.h"
#include "sched/critical.h"
#include "sched/settings.h"
#include "thread/exec.h"
#include "thread/handlers.h"
#include "thread/pending_signals.h"
#include "thread/signals.h"

namespace {

// The calling thread if the library knows it; a call must not adopt a thread by accident. A child
// of vfork has a mask of its own, in the kernel.
lt::Thread* known_self()
{
    lt::Thread* self = lt::current_thread;
    return self != nullptr && !self->has(lt::kFlagIdle) && !lt::is_vfork_child(*self) ? self
                                                                                      : nullptr;
}

int change_mask(lt::Thread& self, int how, const sigset_t* set, sigset_t* oset)
{
    std::uint64_t before = 0;
    const std::uint64_t mask = set != nullptr ? lt::os::to_mask(*set) : 0;
    const lt::Error error = lt::change_mask(self, how, set != nullptr ? &mask : nullptr, &before);
    if (error == lt::Error::kNone && oset != nullptr) {
        lt::os::from_mask(before, *oset);
    }
    return lt::to_errno(error);
}

int raw_mask(int how, const sigset_t* set, sigset_t* oset)
{
    sigset_t open;
    if (set != nullptr) {
        open = *set;
        lt::os::from_mask(
            lt::os::to_mask(open) & ~(lt::os::kReservedSignals | lt::settings.own_signals), open);
        set = &open;
    }
    return static_cast<int>(-lt::os::raw_syscall(
        SYS_rt_sigprocmask, how, lt::os::syscall_argument(set), lt::os::syscall_argument(oset), 8));
}

int set_errno(int error)
{
    if (error == 0) {
        return 0;
    }
    errno = error;
    return -1;
}

}  // namespace

LT_EXPORT int pthread_sigmask(int how, const sigset_t* set, sigset_t* oset)
{
    lt::Thread* self = known_self();
    return self != nullptr ? change_mask(*self, how, set, oset) : raw_mask(how, set, oset);
}

LT_EXPORT int sigprocmask(int how, const sigset_t* set, sigset_t* oset)
{
    return set_errno(pthread_sigmask(how, set, oset));
}

// What waits for the thread to unblock it may be in no kernel queue.
LT_EXPORT int sigpending(sigset_t* set)
{
    sigset_t pending;
    sigemptyset(&pending);
    lt::os::raw_syscall(SYS_rt_sigpending, lt::os::syscall_argument(&pending), 8);
    std::uint64_t mask = lt::os::to_mask(pending) | lt::held_signals();
    if (const lt::Thread* self = known_self()) {
        // relaxed: bits that come later come later.
        mask |= self->signals_pending.load(lt::memory_order_relaxed);
    }
    sigemptyset(set);
    lt::os::from_mask(mask, *set);
    return 0;
}

// ThreadSanitizer's run time calls it too, first before it is ready for instrumented code and
// before the library has started.
LT_EXPORT __attribute__((no_sanitize("thread"))) int sigaction(int signal,
                                                               const struct sigaction* action,
                                                               struct sigaction* before)
{
    if (lt::kThreadSanitizer && lt::current_thread == nullptr) {
        return reinterpret_cast<decltype(&::sigaction)>(::dlsym(RTLD_NEXT, "sigaction"))(
            signal, action, before);
    }
    return set_errno(lt::change_action(signal, action, before));
}

// To the thread, not to the LWP that runs it at the moment.
LT_EXPORT int raise(int number)
{
    lt::Thread* self = known_self();
    if (self == nullptr || self->has(lt::kFlagBound)) {
        return lt::os::real().raise(number);
    }
    return set_errno(
        lt::to_errno(lt::kill_thread(*self, self->number(), lt::info_of_kill(number))));
}

#if !defined(__SANITIZE_THREAD__)  // whose run time gives each thread a stack of its own
// An alternate stack is the thread's. The kernel checks the arguments, and holds it for the LWP.
LT_EXPORT int sigaltstack(const stack_t* stack, stack_t* before) noexcept
{
    lt::Thread* self = known_self();
    if (self == nullptr) {
        return lt::os::real().sigaltstack(stack, before);
    }
    lt::enter_critical(*self);
    const int result = lt::os::real().sigaltstack(stack, before);
    if (result == 0 && stack != nullptr) {
        const bool has_one = (stack->ss_flags & SS_DISABLE) == 0;
        self->alternate_sp = has_one ? reinterpret_cast<std::uintptr_t>(stack->ss_sp) : 0;
        self->alternate_size = has_one ? stack->ss_size : 0;
        self->lwp->kernel_alternate_sp = self->alternate_sp;
    }
    lt::leave_critical(*self);
    return result;
}
#endif

// As system libraries of the time call them.
LT_EXPORT int _sigaction(int signal, const struct sigaction* action,  // NOLINT: Solaris' names
                         struct sigaction* before)
{
    return ::sigaction(signal, action, before);
}

LT_EXPORT int _sigprocmask(int how, const sigset_t* set, sigset_t* oset)  // NOLINT
{
    return ::sigprocmask(how, set, oset);
}

LT_EXPORT unsigned _alarm(unsigned seconds)  // NOLINT
{
    return ::alarm(seconds);
}

LT_EXPORT int _setitimer(int timer, const itimerval* value, itimerval* before)  // NOLINT
{
    return ::setitimer(timer, value, before);
}
