// libc's own versions of the blocking calls that libthread exports under the same names.
#pragma once

#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

namespace lt::os {

#define LT_REAL_CALLS(X) \
    X(read)              \
    X(readv)             \
    X(write)             \
    X(writev)            \
    X(recv)              \
    X(recvfrom)          \
    X(recvmsg)           \
    X(send)              \
    X(sendto)            \
    X(sendmsg)           \
    X(socket)            \
    X(socketpair)        \
    X(ioctl)             \
    X(accept)            \
    X(accept4)           \
    X(connect)           \
    X(poll)              \
    X(ppoll)             \
    X(select)            \
    X(pselect)           \
    X(epoll_wait)        \
    X(epoll_pwait)       \
    X(epoll_pwait2)      \
    X(close)             \
    X(close_range)       \
    X(fclose)            \
    X(dup)               \
    X(dup2)              \
    X(dup3)              \
    X(fcntl64)           \
    X(flock)             \
    X(lockf64)           \
    X(getaddrinfo)       \
    X(setsockopt)        \
    X(execve)            \
    X(execvpe)           \
    X(fexecve)           \
    X(execveat)          \
    X(pclose)

struct RealCalls {
#define LT_REAL_CALL(name) decltype(&::name) name = nullptr;
    LT_REAL_CALLS(LT_REAL_CALL)
#undef LT_REAL_CALL
};

// Found at the first use, at the latest by the library's constructor.
const RealCalls& real_calls() noexcept;

}  // namespace lt::os
