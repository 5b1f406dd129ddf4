// What glibc asks the kernel about a thread by its kernel id, which an unbound thread has not: the
// answer is what holds for it on whatever LWP, or an error number of POSIX'. Other threads go
// straight through.
#include <pthread.h>
#include <sched.h>

#include <cerrno>
#include <cstring>

#include "base/compiler.h"
#include "os/real.h"
#include "thread/life.h"

namespace {

bool is_unbound(const lt::Thread* thread)
{
    return thread != nullptr && lt::is_multiplexing() && !thread->has(lt::kFlagBound);
}

// The thread if it is unbound and the pool runs.
lt::Thread* unbound(pthread_t pthread)
{
    lt::Thread* target = lt::is_multiplexing() ? lt::find_pthread(lt::current(), pthread) : nullptr;
    return is_unbound(target) ? target : nullptr;
}

// The only policy of LWPs that belong to all.
int check_policy(int policy, int priority)
{
    switch (policy) {
        case SCHED_OTHER:
            return priority == 0 ? 0 : EINVAL;
        case SCHED_FIFO:
        case SCHED_RR:
        case SCHED_BATCH:
        case SCHED_IDLE:
            return ENOTSUP;
        default:
            return EINVAL;
    }
}

}  // namespace

// Where LWPs may run.
LT_EXPORT int pthread_getaffinity_np(pthread_t pthread, size_t size, cpu_set_t* set) noexcept
{
    if (unbound(pthread) == nullptr) {
        return lt::os::real().getaffinity(pthread, size, set);
    }
    const int saved_errno = errno;
    const int error = ::sched_getaffinity(0, size, set) == 0 ? 0 : errno;
    errno = saved_errno;
    return error;
}

LT_EXPORT int pthread_setaffinity_np(pthread_t pthread, size_t size, const cpu_set_t* set) noexcept
{
    return unbound(pthread) == nullptr ? lt::os::real().setaffinity(pthread, size, set) : ENOTSUP;
}

LT_EXPORT int pthread_getschedparam(pthread_t pthread, int* policy,
                                    sched_param* parameters) noexcept
{
    if (unbound(pthread) == nullptr) {
        return lt::os::real().getschedparam(pthread, policy, parameters);
    }
    *policy = SCHED_OTHER;
    parameters->sched_priority = 0;
    return 0;
}

LT_EXPORT int pthread_setschedparam(pthread_t pthread, int policy,
                                    const sched_param* parameters) noexcept
{
    return unbound(pthread) == nullptr ? lt::os::real().setschedparam(pthread, policy, parameters)
                                       : check_policy(policy, parameters->sched_priority);
}

LT_EXPORT int pthread_setschedprio(pthread_t pthread, int priority) noexcept
{
    return unbound(pthread) == nullptr ? lt::os::real().setschedprio(pthread, priority)
                                       : check_policy(SCHED_OTHER, priority);
}

// Clocks measure kernel tasks; gethrvtime(3C) measures a thread.
LT_EXPORT int pthread_getcpuclockid(pthread_t pthread, clockid_t* clock) noexcept
{
    return unbound(pthread) == nullptr ? lt::os::real().getcpuclockid(pthread, clock) : ENOENT;
}

// The name is the thread's, which lwpinspect shows, and that of an LWP which is the thread's own.
LT_EXPORT int pthread_setname_np(pthread_t pthread, const char* name) noexcept
{
    constexpr std::size_t kLongest = 15;  // the kernel's limit, for every thread
    if (std::strlen(name) > kLongest) {
        return ERANGE;
    }
    // A thread that the library does not know yet is not made known by its name.
    const bool known = lt::current_thread != nullptr || lt::is_multiplexing();
    lt::Thread* target = known ? lt::find_pthread(lt::current(), pthread) : nullptr;
    const int error = is_unbound(target) ? 0 : lt::os::real().setname(pthread, name);
    if (error == 0 && target != nullptr) {
        std::strcpy(target->name, name);
    }
    return error;
}

LT_EXPORT int pthread_getname_np(pthread_t pthread, char* name, size_t size) noexcept
{
    constexpr std::size_t kRoom = 16;
    const lt::Thread* target = unbound(pthread);
    if (target == nullptr) {
        return lt::os::real().getname(pthread, name, size);
    }
    if (size < kRoom) {
        return ERANGE;
    }
    // Threads have their program's name until they get one.
    const char* own = target->name[0] != '\0' ? target->name : program_invocation_short_name;
    std::strncpy(name, own, kRoom - 1);
    name[kRoom - 1] = '\0';
    return 0;
}
