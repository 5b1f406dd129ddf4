#include "io/connection.h"

#include <netinet/in.h>

#include <cerrno>
#include <cstring>

#include "io/attempts.h"
#include "os/real_calls.h"
#include "os/syscall.h"
#include "sched/held_lwp.h"

namespace lt::io {
namespace {

struct Accepting : Call {
    Accepting(int descriptor, sockaddr* who, socklen_t* size, int how)
        : Call{descriptor, EPOLLIN, WaitKind::kAccept}, address{who}, length{size}, flags{how}
    {
        on_socket = true;
        // A connection seen by is_ready() may be taken by another before the call below: then the
        // LWP is held until the next one comes.
        attempt = [](Call& call) -> long {
            const auto& self = static_cast<Accepting&>(call);
            return !is_ready(self)
                       ? -EAGAIN
                       : os::raw_syscall(SYS_accept4, self.fd, os::syscall_argument(self.address),
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
    Accepting call{fd, address, length, flags};
    return static_cast<int>(finish(perform(self, call)));
}

int connect(Thread& self, int fd, const sockaddr* address, socklen_t length)
{
    if (!is_on_this_machine(address, length)) {
        expect_to_block(self);
    }
    return os::real_calls().connect(fd, address, length);
}

}  // namespace lt::io
