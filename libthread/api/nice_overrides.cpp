// setpriority(2), nice(2): the process has one nice value, as on Solaris; Linux keeps one for each
// task. getpriority(2) needs nothing, for all tasks have the same.
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>

#include "base/compiler.h"
#include "os/syscall.h"
#include "sched/thread.h"
#include "thread/scheduling_class.h"

namespace {

// A thread of pthread_create's that names nobody means its own task, as Linux programs do.
bool means_process(id_t who)
{
    return who == 0 ? !lt::current().has(lt::kFlagForeign)
                    : who == static_cast<id_t>(lt::os::process_id());
}

}  // namespace

LT_EXPORT int setpriority(__priority_which_t which, id_t who, int value) noexcept
{
    const long result =
        which == PRIO_PROCESS && means_process(who)
            ? -lt::set_nice_of_process(value)
            : lt::os::raw_syscall(SYS_setpriority, which, static_cast<long>(who), value);
    if (result != 0) {
        errno = static_cast<int>(-result);
        return -1;
    }
    return 0;
}

LT_EXPORT int nice(int increment) noexcept
{
    const int saved_errno = errno;
    errno = 0;
    const int before = ::getpriority(PRIO_PROCESS, 0);
    if (before == -1 && errno != 0) {
        return -1;
    }
    constexpr int kSpan = 40;  // from one end to the other
    const int step = increment < -kSpan ? -kSpan : increment > kSpan ? kSpan : increment;
    if (::setpriority(PRIO_PROCESS, 0, before + step) != 0) {
        errno = errno == EACCES ? EPERM : errno;
        return -1;
    }
    errno = saved_errno;
    return ::getpriority(PRIO_PROCESS, 0);
}
