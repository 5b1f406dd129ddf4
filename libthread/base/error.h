// Error values inside the library; api/ hands them out as Solaris error numbers.
#pragma once

#include <cerrno>

namespace lt {

enum class [[nodiscard]] Error : int{
    kNone = 0,
    kPermission = EPERM,
    kNoSuchThread = ESRCH,
    kInterrupted = EINTR,
    kLimit = EAGAIN,
    kNoMemory = ENOMEM,
    kBusy = EBUSY,
    kInvalid = EINVAL,
    kDeadlock = EDEADLK,
    kTimedOut = ETIME,
    kOverflow = EOVERFLOW,
    kUnsupported = ENOTSUP,
    kWouldBlock = EWOULDBLOCK,
    kOwnerDead = EOWNERDEAD,
    kNotRecoverable = ENOTRECOVERABLE,
    kUnmapped = 4072,  // ELOCKUNMAPPED
};

constexpr int to_errno(Error error)
{
    return static_cast<int>(error);
}

}  // namespace lt
