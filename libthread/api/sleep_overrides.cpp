// sleep(3) and its kin: an unbound thread sleeps without its LWP. Everything else goes straight
// through.
#include <threads.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>

#include "base/compiler.h"
#include "io/sleep.h"
#include "io/waiter.h"
#include "os/clock.h"
#include "os/real.h"

namespace {

bool is_valid(const std::timespec& time)
{
    return time.tv_sec >= 0 && lt::has_valid_nanos(time);
}

std::timespec to_timespec(std::int64_t ns)
{
    return {ns / lt::kNanosPerSecond, ns % lt::kNanosPerSecond};
}

// An error number. `left` is written if the sleep was cut short; nullptr: not wanted.
LT_INLINE int sleep_for(lt::Thread& self, const std::timespec& time, std::timespec* left)
{
    const std::int64_t now = lt::os::monotonic_now();
    const lt::Deadline deadline{
        lt::saturating_add(now, time.tv_sec == 0 && time.tv_nsec == 0 ? 0 : lt::to_nanos(time)),
        lt::Clock::kMonotonic};
    const lt::Error error = lt::io::sleep_until(self, deadline, now);
    if (error == lt::Error::kInterrupted && left != nullptr) {
        const std::int64_t rest = deadline.ns - lt::os::monotonic_now();
        *left = to_timespec(rest > 0 ? rest : 0);
    }
    return lt::to_errno(error);
}

// The thread that is to park in this call, nullptr: none.
LT_INLINE lt::Thread* sleeper()
{
    lt::Thread* self = lt::io::parking_self();
    return self != nullptr && lt::io::can_park_here(*self) ? self : nullptr;
}

LT_INLINE int park(const std::timespec* time, std::timespec* left)
{
    lt::Thread* self = sleeper();
    if (self == nullptr || time == nullptr) {
        return lt::os::real().nanosleep(time, left);
    }
    const int error = is_valid(*time) ? sleep_for(*self, *time, left) : EINVAL;
    if (error != 0) {
        errno = error;
        return -1;
    }
    return 0;
}

}  // namespace

LT_EXPORT int nanosleep(const std::timespec* time, std::timespec* left)
{
    return park(time, left);
}

LT_EXPORT int __nanosleep(const std::timespec* time, std::timespec* left)  // NOLINT: libc's name
{
    return park(time, left);
}

LT_EXPORT int clock_nanosleep(clockid_t clock, int flags, const std::timespec* time,
                              std::timespec* left)
{
    lt::Thread* self = sleeper();
    const bool known = clock == CLOCK_MONOTONIC || clock == CLOCK_REALTIME;
    if (self == nullptr || time == nullptr || !known || (flags & ~TIMER_ABSTIME) != 0) {
        return lt::os::real().clock_nanosleep(clock, flags, time, left);
    }
    if (!is_valid(*time)) {
        return EINVAL;
    }
    if ((flags & TIMER_ABSTIME) == 0) {
        return sleep_for(*self, *time, left);
    }
    const lt::Deadline deadline{lt::to_nanos(*time), clock == CLOCK_REALTIME
                                                         ? lt::Clock::kRealtime
                                                         : lt::Clock::kMonotonic};
    return lt::to_errno(lt::io::sleep_until(*self, deadline, lt::os::now(deadline.clock)));
}

LT_EXPORT unsigned sleep(unsigned seconds)
{
    const std::timespec time{static_cast<time_t>(seconds), 0};
    std::timespec left{};
    const int saved_errno = errno;
    if (park(&time, &left) == 0) {
        return 0;
    }
    errno = saved_errno;
    return static_cast<unsigned>(left.tv_sec + (left.tv_nsec >= 500'000'000 ? 1 : 0));
}

LT_EXPORT int usleep(useconds_t microseconds)
{
    const std::timespec time = to_timespec(static_cast<std::int64_t>(microseconds) * 1000);
    return park(&time, nullptr);
}

// C11. -1: a handler has run; another negative number: any other error.
LT_EXPORT int thrd_sleep(const std::timespec* time, std::timespec* left)
{
    const int saved_errno = errno;
    if (park(time, left) == 0) {
        return 0;
    }
    const int error = errno;
    errno = saved_errno;
    return error == EINTR ? -1 : -2;
}
