#include "io/connection.h"

#include <netinet/in.h>

#include <cerrno>
#include <cstring>

#include "io/attempts.h"
#include "io/blocking.h"
#include "os/real_calls.h"
#include "os/ring.h"
#include "os/syscall.h"
#include "sched/critical.h"
#include "sched/held_lwp.h"

namespace lt::io {
namespace {

// Others never call themselves ready, and accept4(2) refuses them.
bool is_listening(int fd)
{
    int listens = 0;
    socklen_t size = sizeof(listens);
    os::raw_syscall(SYS_getsockopt, fd, SOL_SOCKET, SO_ACCEPTCONN, os::syscall_argument(&listens),
                    os::syscall_argument(&size));
    return listens != 0;
}

struct Accepting : Call {
    Accepting(int descriptor, sockaddr* who, socklen_t* size, int how)
        : Call{descriptor, EPOLLIN, WaitKind::kAccept}, address{who}, length{size}, flags{how}
    {
        on_socket = true;
        // A connection seen by is_ready() may be taken by another before the call below: then the
        // LWP is held until the next one comes.
        attempt = [](Call& call) -> long {
            const auto& self = static_cast<Accepting&>(call);
            if (!is_ready(self)) {
                return is_listening(self.fd) ? -EAGAIN : kUseLibc;
            }
            return os::raw_syscall(SYS_accept4, self.fd, os::syscall_argument(self.address),
                                   os::syscall_argument(self.length), self.flags);
        };
        block = [](Call& call) -> long {
            const auto& self = static_cast<Accepting&>(call);
            return os::real_calls().accept4(self.fd, self.address, self.length, self.flags);
        };
    }

    sockaddr* address;
    socklen_t* length;
    int flags;
};

struct Connecting : Call {
    Connecting(int descriptor, const sockaddr* to, socklen_t size)
        : Call{descriptor, EPOLLOUT, WaitKind::kConnect}, address{to}, length{size}
    {
        on_socket = true;
        obeys_nonblock = false;  // has been looked at
        attempt = [](Call& call) -> long { return static_cast<Connecting&>(call).advance(); };
        block = [](Call& call) -> long {
            const auto& self = static_cast<Connecting&>(call);
            expect_to_block(*current_thread);
            return os::real_calls().connect(self.fd, self.address, self.length);
        };
    }

    long advance()
    {
        if (!begun) {
            begun = true;
            const CriticalRegion region{*current_thread};
            const long result = os::begin_connect(fd, address, length);
            // EALREADY: another thread has begun it.
            return result == -EINPROGRESS || result == -EALREADY ? -EAGAIN
                   : result == -ENOSYS                           ? kUseLibc
                                                                 : result;
        }
        // The kernel, asked once more, tells what has become of it.
        return !is_ready(*this) ? -EAGAIN
                                : os::raw_syscall(SYS_connect, fd, os::syscall_argument(address),
                                                  static_cast<long>(length));
    }

    const sockaddr* address;
    socklen_t length;
    bool begun = false;
};

// Whether it is of the kinds whose connections the kernel goes on with by itself.
bool is_internet(const sockaddr& address)
{
    return address.sa_family == AF_INET || address.sa_family == AF_INET6;
}

// Whether the kernel answers for the peer, so that hardly ever anything is waited for.
bool is_on_this_machine(const sockaddr* address, socklen_t length)
{
    constexpr std::uint32_t kLoopback = 127;
    if (address == nullptr || length < sizeof(sockaddr_in)) {
        return true;
    }
    if (address->sa_family == AF_INET) {
        sockaddr_in internet{};
        std::memcpy(&internet, address, sizeof(internet));
        return ntohl(internet.sin_addr.s_addr) >> 24 == kLoopback;
    }
    if (address->sa_family == AF_INET6 && length >= sizeof(sockaddr_in6)) {
        sockaddr_in6 internet{};
        std::memcpy(&internet, address, sizeof(internet));
        return IN6_IS_ADDR_LOOPBACK(&internet.sin6_addr) != 0;
    }
    return address->sa_family == AF_UNIX;
}

}  // namespace

int accept(Thread& self, int fd, sockaddr* address, socklen_t* length, int flags)
{
    if ((flags & ~(SOCK_NONBLOCK | SOCK_CLOEXEC)) != 0) {
        return os::real_calls().accept4(fd, address, length, flags);  // refuses them at once
    }
    Accepting call{fd, address, length, flags};
    return static_cast<int>(finish(perform(self, call)));
}

int connect(Thread& self, int fd, const sockaddr* address, socklen_t length)
{
    if (is_on_this_machine(address, length)) {
        return os::real_calls().connect(fd, address, length);
    }
    Connecting call{fd, address, length};
    if (!is_internet(*address) || is_nonblocking(call) || !can_park_here(self)) {
        return static_cast<int>(call.block(call));
    }
    const long result = perform(self, call);
    return static_cast<int>(finish(result == -EAGAIN ? -EINPROGRESS : result));
}

}  // namespace lt::io
