// glibc's functions under their own names, for threads that glibc does not know the whole truth of.
// Everything else goes straight through.
#include <pthread.h>

#include <csignal>

#include "arch/cpu.h"
#include "base/compiler.h"
#include "os/cancel_signal.h"
#include "os/real.h"
#include "thread/life.h"
#include "thread/signals.h"

namespace {

// The calling thread if the library knows it; a call must not adopt a thread by accident.
lt::Thread* known_caller()
{
    return lt::current_thread;
}

// POSIX' error number for a time that is over.
int join_own(std::uint32_t id, void** status, const lt::Deadline* deadline = nullptr)
{
    const lt::Joined joined = lt::join_thread(lt::current(), id, lt::OnSignal::kGoOn, deadline);
    if (joined.error == lt::Error::kNone && status != nullptr) {
        *status = joined.status;
    }
    return joined.error == lt::Error::kTimedOut ? ETIMEDOUT : lt::to_errno(joined.error);
}

// Whether glibc joins the thread; then it has made it.
bool is_joined_by_glibc(const lt::Thread* target)
{
    // nullptr: also one that is about to make itself known, and has no number yet.
    return target == nullptr || target->has(lt::kFlagForeign);
}

// After glibc has joined or detached a thread.
int forget_joined(pthread_t pthread, int error)
{
    if (error == 0) {
        lt::forget_pthread(lt::current(), pthread);
    }
    return error;
}

// Also for a pthread that the library has not met: its LWP may carry others later.
int cancel_in_glibc(pthread_t pthread)
{
    const int error = lt::os::real().cancel(pthread);
    lt::os::keep_cancel_signal_open();
    return error;
}

}  // namespace

// Not for what it returns, which is what glibc returns, but to know who has asked.
LT_EXPORT pthread_t pthread_self() noexcept
{
    if (lt::Thread* self = known_caller()) {
        self->pthread_named = true;
    }
    return reinterpret_cast<pthread_t>(lt::arch::thread_pointer());
}

LT_EXPORT int pthread_join(pthread_t pthread, void** status)
{
    const lt::Thread* target = lt::find_pthread(lt::current(), pthread);
    if (is_joined_by_glibc(target)) {
        return lt::join_pthread(lt::current(), pthread, status);
    }
    return target->has(lt::kFlagDetached) ? EINVAL : join_own(target->number(), status);
}

LT_EXPORT int pthread_tryjoin_np(pthread_t pthread, void** status) noexcept
{
    const lt::Thread* target = lt::find_pthread(lt::current(), pthread);
    if (is_joined_by_glibc(target)) {
        return forget_joined(pthread, lt::os::real().tryjoin(pthread, status));
    }
    if (target->has(lt::kFlagDetached)) {
        return EINVAL;
    }
    // acquire: an ended one stays so until it is joined.
    const bool ended = target->state.load(lt::memory_order_acquire) == lt::ThreadState::kZombie;
    return ended ? join_own(target->number(), status) : EBUSY;
}

LT_EXPORT int pthread_clockjoin_np(pthread_t pthread, void** status, clockid_t clock,
                                   const timespec* time)
{
    const lt::Thread* target = lt::find_pthread(lt::current(), pthread);
    if (is_joined_by_glibc(target)) {
        return forget_joined(pthread, lt::os::real().clockjoin(pthread, status, clock, time));
    }
    const bool monotonic = clock == CLOCK_MONOTONIC;
    if (target->has(lt::kFlagDetached) || (!monotonic && clock != CLOCK_REALTIME) ||
        (time != nullptr && !lt::has_valid_nanos(*time))) {
        return EINVAL;
    }
    lt::Deadline deadline;
    if (time != nullptr) {
        deadline = {lt::to_nanos(*time), monotonic ? lt::Clock::kMonotonic : lt::Clock::kRealtime};
    }
    return join_own(target->number(), status, time != nullptr ? &deadline : nullptr);
}

LT_EXPORT int pthread_timedjoin_np(pthread_t pthread, void** status, const timespec* time)
{
    return ::pthread_clockjoin_np(pthread, status, CLOCK_REALTIME, time);
}

LT_EXPORT int pthread_detach(pthread_t pthread)
{
    const lt::Thread* target = lt::find_pthread(lt::current(), pthread);
    if (is_joined_by_glibc(target)) {
        return forget_joined(pthread, lt::os::real().detach(pthread));
    }
    return lt::to_errno(lt::detach_thread(lt::current(), target->number()));
}

LT_EXPORT void pthread_exit(void* status)
{
    lt::Thread* self = known_caller();
    if (self == nullptr || self->has(lt::kFlagForeign)) {
        lt::os::real_pthread_exit(status);
    }
    lt::exit_thread(*self, status);
}

LT_EXPORT int pthread_cancel(pthread_t pthread)
{
    lt::Thread* target = lt::find_pthread(lt::current(), pthread);
    if (target == nullptr) {
        return cancel_in_glibc(pthread);
    }
    // relaxed: it may be ending; then the mark is forgotten with its control block.
    if (target->state.load(lt::memory_order_relaxed) == lt::ThreadState::kZombie) {
        return 0;
    }
    // glibc marks it; its signal finds no kernel task of the thread's false id, ours does.
    const int result = cancel_in_glibc(pthread);
    lt::announce_cancellation(lt::current(), *target);
    return target->has(lt::kFlagBound) ? result : 0;
}

LT_EXPORT int pthread_kill(pthread_t pthread, int sig)
{
    const lt::Thread* target = lt::find_pthread(lt::current(), pthread);
    if (target == nullptr) {
        return lt::os::real().kill(pthread, sig);
    }
    return lt::to_errno(lt::kill_thread(lt::current(), target->number(), lt::info_of_kill(sig)));
}

LT_EXPORT int pthread_sigqueue(pthread_t pthread, int sig, const sigval value)
{
    const lt::Thread* target = lt::find_pthread(lt::current(), pthread);
    if (target == nullptr) {
        return lt::os::real().sigqueue(pthread, sig, value);
    }
    siginfo_t info = lt::info_of_kill(sig);
    info.si_code = SI_QUEUE;
    info.si_value = value;
    return lt::to_errno(lt::kill_thread(lt::current(), target->number(), info));
}

LT_EXPORT int pthread_getattr_np(pthread_t pthread, pthread_attr_t* attributes)
{
    const lt::Thread* target = lt::thread_of_pthread(pthread);
    if (target == nullptr || (target->has(lt::kFlagBound) && !target->has(lt::kFlagUserStack))) {
        return lt::os::real().getattr(pthread, attributes);
    }
    const int result = ::pthread_attr_init(attributes);
    if (result != 0) {
        return result;
    }
    const std::uintptr_t lo = target->stack_lo;
    ::pthread_attr_setstack(attributes, reinterpret_cast<void*>(lo), target->stack_hi - lo);
    ::pthread_attr_setguardsize(attributes, target->has(lt::kFlagUserStack) ? 0 : lt::kPageSize);
    return ::pthread_attr_setdetachstate(attributes, target->has(lt::kFlagDetached)
                                                         ? PTHREAD_CREATE_DETACHED
                                                         : PTHREAD_CREATE_JOINABLE);
}
