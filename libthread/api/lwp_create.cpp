// _lwp_create(2), _lwp_makecontext(2), _lwp_exit(2), _lwp_wait(2), _lwp_suspend(2), _lwp_kill(2),
// _lwp_info(2), _lwp_setprivate(2)
#include <thread.h>

#include <sys/lwp.h>
#include <sys/resource.h>

#include <cerrno>
#include <cstring>

#include "base/compiler.h"
#include "thread/context_start.h"
#include "thread/life.h"
#include "thread/signals.h"
#include "thread/suspend.h"

LT_EXPORT void _lwp_makecontext(ucontext_t* ucp, void (*start)(void*), void* arg,
                                void* private_word, char* stack_base, size_t stack_size)
{
    ucp->uc_stack = stack_t{stack_base, 0, stack_size};
    lt::make_context(*ucp, start, arg, private_word);
}

LT_EXPORT int _lwp_create(ucontext_t* contextp, uint_t flags, lwpid_t* new_lwp)
{
    if ((flags & ~static_cast<uint_t>(LWP_DAEMON | LWP_DETACHED | LWP_SUSPENDED)) != 0) {
        return EINVAL;
    }
    if (contextp == nullptr) {
        return EFAULT;
    }
    lt::ContextRequest request;
    request.context = contextp;
    request.flags |= (flags & (LWP_DETACHED | LWP_DAEMON)) != 0 ? lt::kFlagDetached : 0U;
    request.flags |= (flags & LWP_DAEMON) != 0 ? lt::kFlagDaemon : 0U;
    request.suspended = (flags & LWP_SUSPENDED) != 0;
    request.id = new_lwp;
    const lt::Error error = lt::create_in_context(lt::current(), request);
    return error == lt::Error::kNoMemory ? EAGAIN : lt::to_errno(error);
}

LT_EXPORT void _lwp_exit(void)
{
    lt::end_context_thread(lt::current());
}

LT_EXPORT int _lwp_wait(lwpid_t wait_for, lwpid_t* departed)
{
    lt::Thread& self = lt::current();
    const lt::Joined joined = wait_for == 0 ? lt::join_any_thread(self, lt::OnSignal::kEnd)
                                            : lt::join_thread(self, wait_for, lt::OnSignal::kEnd);
    if (joined.error == lt::Error::kNone && departed != nullptr) {
        *departed = joined.id;
    }
    return lt::to_errno(joined.error);
}

LT_EXPORT int _lwp_detach(lwpid_t lwpid)
{
    return lt::to_errno(lt::detach_thread(lt::current(), lwpid));
}

LT_EXPORT lwpid_t _lwp_self(void)
{
    return lt::current().number();
}

LT_EXPORT int _lwp_suspend(lwpid_t target)
{
    return lt::to_errno(lt::suspend_thread(lt::current(), target, lt::kRequestStop));
}

LT_EXPORT int _lwp_continue(lwpid_t target)
{
    return lt::to_errno(lt::continue_thread(lt::current(), target, lt::kRequestStop));
}

LT_EXPORT int _lwp_kill(lwpid_t target, int sig)
{
    return lt::to_errno(lt::kill_thread(lt::current(), target, lt::info_of_kill(sig)));
}

LT_EXPORT int _lwp_info(struct lwpinfo* buffer)
{
    if (buffer == nullptr) {
        return EFAULT;
    }
    std::memset(buffer, 0, sizeof(*buffer));
    if (!lt::current().has(lt::kFlagBound)) {
        // The kernel tells only what the LWP used, for whichever thread.
        const hrtime_t used = gethrvtime();
        constexpr hrtime_t kSecond = 1'000'000'000;
        buffer->lwp_utime = {static_cast<time_t>(used / kSecond),
                             static_cast<long>(used % kSecond)};
        return 0;
    }
    rusage usage{};
    ::getrusage(RUSAGE_THREAD, &usage);
    buffer->lwp_utime = {usage.ru_utime.tv_sec, usage.ru_utime.tv_usec * 1000};
    buffer->lwp_stime = {usage.ru_stime.tv_sec, usage.ru_stime.tv_usec * 1000};
    return 0;
}

LT_EXPORT void _lwp_setprivate(void* word)
{
    lt::private_word = word;
}

LT_EXPORT void* _lwp_getprivate(void)
{
    return lt::private_word;
}

LT_EXPORT void lwp_yield(void)
{
    thr_yield();
}

LT_ALIAS(lwp_create, _lwp_create);
LT_ALIAS_NORETURN(lwp_exit, _lwp_exit);
LT_ALIAS(lwp_wait, _lwp_wait);
LT_ALIAS(lwp_self, _lwp_self);
LT_ALIAS(lwp_suspend, _lwp_suspend);
LT_ALIAS(lwp_continue, _lwp_continue);
LT_ALIAS(lwp_kill, _lwp_kill);
LT_ALIAS(__lwp_create, _lwp_create);
LT_ALIAS(__lwp_wait, _lwp_wait);
LT_ALIAS(__lwp_detach, _lwp_detach);
LT_ALIAS(__lwp_self, _lwp_self);
LT_ALIAS(__lwp_suspend, _lwp_suspend);
LT_ALIAS(__lwp_continue, _lwp_continue);
LT_ALIAS(__lwp_kill, _lwp_kill);
