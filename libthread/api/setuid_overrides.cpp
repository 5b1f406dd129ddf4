// setuid(2), setgid(2) and their kin: the process changes, not one of its kernel tasks.
#include <grp.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "base/compiler.h"
#include "os/syscall.h"
#include "sched/asking.h"

namespace {

int call(long number, long a, long b = 0, long c = 0)
{
    int error = 0;
    {
        const lt::AskingRegion region{lt::current()};
        error = lt::os::call_on_every_task(number, a, b, c);
    }
    if (error != 0) {
        errno = error;
        return -1;
    }
    return 0;
}

// As the kernel takes an identity that stays.
constexpr long kKeep = -1;

}  // namespace

LT_EXPORT int setuid(uid_t user) noexcept
{
    return call(SYS_setuid, user);
}

LT_EXPORT int seteuid(uid_t user) noexcept
{
    return call(SYS_setresuid, kKeep, user, kKeep);
}

LT_EXPORT int setreuid(uid_t real, uid_t effective) noexcept
{
    return call(SYS_setreuid, real, effective);
}

LT_EXPORT int setresuid(uid_t real, uid_t effective, uid_t saved) noexcept
{
    return call(SYS_setresuid, real, effective, saved);
}

LT_EXPORT int setgid(gid_t group) noexcept
{
    return call(SYS_setgid, group);
}

LT_EXPORT int setegid(gid_t group) noexcept
{
    return call(SYS_setresgid, kKeep, group, kKeep);
}

LT_EXPORT int setregid(gid_t real, gid_t effective) noexcept
{
    return call(SYS_setregid, real, effective);
}

LT_EXPORT int setresgid(gid_t real, gid_t effective, gid_t saved) noexcept
{
    return call(SYS_setresgid, real, effective, saved);
}

LT_EXPORT int setgroups(std::size_t count, const gid_t* groups) noexcept
{
    return call(SYS_setgroups, static_cast<long>(count), lt::os::syscall_argument(groups));
}

LT_EXPORT int initgroups(const char* user, gid_t group)
{
    int count = 64;
    for (;;) {
        auto* groups =
            static_cast<gid_t*>(std::malloc(static_cast<std::size_t>(count) * sizeof(gid_t)));
        if (groups == nullptr) {
            return -1;
        }
        int found = count;
        if (::getgrouplist(user, group, groups, &found) >= 0) {
            const int result = ::setgroups(static_cast<std::size_t>(found), groups);
            std::free(groups);
            return result;
        }
        std::free(groups);
        if (found <= count) {
            errno = ENOMEM;
            return -1;
        }
        count = found;
    }
}
