// accept(2), connect(2), setsockopt(2), socket(2) and socketpair(2).
#include "base/compiler.h"
#include "io/blocking.h"
#include "io/connection.h"
#include "io/socket_timeouts.h"
#include "io/waiter.h"
#include "os/real_calls.h"

namespace {

// What a socket just made is taken for; the number made, or -1, passes through.
int made(int fd, int flags)
{
    if (fd >= 0) {
        lt::io::note_socket(fd, (flags & SOCK_NONBLOCK) == 0);
    }
    return fd;
}

}  // namespace

LT_EXPORT int socket(int domain, int type, int protocol) noexcept
{
    return made(lt::os::real_calls().socket(domain, type, protocol), type);
}

LT_EXPORT int socketpair(int domain, int type, int protocol, int* ends) noexcept
{
    const int result = lt::os::real_calls().socketpair(domain, type, protocol, ends);
    if (result == 0) {
        made(ends[0], type);
        made(ends[1], type);
    }
    return result;
}

LT_EXPORT int accept4(int fd, sockaddr* address, socklen_t* length, int flags)
{
    lt::Thread* self = lt::io::parking_self();
    return made(self != nullptr ? lt::io::accept(*self, fd, address, length, flags)
                                : lt::os::real_calls().accept4(fd, address, length, flags),
                flags);
}

LT_EXPORT int accept(int fd, sockaddr* address, socklen_t* length)
{
    lt::Thread* self = lt::io::parking_self();
    return made(self != nullptr ? lt::io::accept(*self, fd, address, length, 0)
                                : lt::os::real_calls().accept(fd, address, length),
                0);
}

namespace {

// The same options with times of 64 bits everywhere.
constexpr int kReceiveTimeout64 = 66;
constexpr int kSendTimeout64 = 67;

int connect_to(int fd, const sockaddr* address, socklen_t length)
{
    lt::Thread* self = lt::io::parking_self();
    return self != nullptr ? lt::io::connect(*self, fd, address, length)
                           : lt::os::real_calls().connect(fd, address, length);
}

}  // namespace

LT_EXPORT int connect(int fd, const sockaddr* address, socklen_t length)
{
    return connect_to(fd, address, length);
}

// NOLINTNEXTLINE: libc's name
LT_EXPORT int __connect(int fd, const sockaddr* address, socklen_t length)
{
    return connect_to(fd, address, length);
}

// Watched, for threads that park obey the timeouts, and low-water marks, themselves.
LT_EXPORT int setsockopt(int fd, int level, int option, const void* value, socklen_t size) noexcept
{
    const int result = lt::os::real_calls().setsockopt(fd, level, option, value, size);
    if (level == SOL_SOCKET && (option == SO_RCVTIMEO || option == SO_SNDTIMEO ||
                                option == kReceiveTimeout64 || option == kSendTimeout64)) {
        lt::io::note_timeout_change();
    }
    if (result == 0 && level == SOL_SOCKET && option == SO_RCVLOWAT) {
        lt::io::note_low_water(fd, *static_cast<const int*>(value));
    }
    return result;
}
