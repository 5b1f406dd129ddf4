// read(2), write(2), recv(2), send(2) and their kin: an unbound thread waits without its LWP.
// Everything else goes straight through.
#include <cerrno>

#include "base/check.h"
#include "base/compiler.h"
#include "io/blocking.h"
#include "io/transfer.h"
#include "io/waiter.h"
#include "os/real_calls.h"

namespace {

lt::Thread* self_to_park()
{
    return lt::io::parking_self();
}

ssize_t read_from(int fd, void* buffer, std::size_t size)
{
    lt::Thread* self = self_to_park();
    return self != nullptr ? lt::io::read(*self, fd, buffer, size)
                           : lt::os::real_calls().read(fd, buffer, size);
}

ssize_t write_to(int fd, const void* buffer, std::size_t size)
{
    lt::Thread* self = self_to_park();
    return self != nullptr ? lt::io::write(*self, fd, buffer, size)
                           : lt::os::real_calls().write(fd, buffer, size);
}

ssize_t receive(int fd, void* buffer, std::size_t size, int flags, sockaddr* address,
                socklen_t* length)
{
    lt::Thread* self = self_to_park();
    return self != nullptr
               ? lt::io::recvfrom(*self, fd, buffer, size, flags, address, length)
               : lt::os::real_calls().recvfrom(fd, buffer, size, flags, address, length);
}

ssize_t send_to(int fd, const void* buffer, std::size_t size, int flags, const sockaddr* address,
                socklen_t length)
{
    lt::Thread* self = self_to_park();
    return self != nullptr ? lt::io::sendto(*self, fd, buffer, size, flags, address, length)
                           : lt::os::real_calls().sendto(fd, buffer, size, flags, address, length);
}

// What _FORTIFY_SOURCE's versions check.
void check_room(std::size_t size, std::size_t room)
{
    LT_CHECK(size <= room, "buffer overflow detected");
}

}  // namespace

LT_EXPORT ssize_t read(int fd, void* buffer, size_t size)
{
    return read_from(fd, buffer, size);
}

LT_EXPORT ssize_t __read(int fd, void* buffer, size_t size)  // NOLINT: libc's name
{
    return read_from(fd, buffer, size);
}

// NOLINTNEXTLINE: libc's name
LT_EXPORT ssize_t __read_chk(int fd, void* buffer, size_t size, size_t room)
{
    check_room(size, room);
    return read_from(fd, buffer, size);
}

LT_EXPORT ssize_t readv(int fd, const iovec* parts, int count)
{
    lt::Thread* self = self_to_park();
    return self != nullptr ? lt::io::readv(*self, fd, parts, count)
                           : lt::os::real_calls().readv(fd, parts, count);
}

LT_EXPORT ssize_t write(int fd, const void* buffer, size_t size)
{
    return write_to(fd, buffer, size);
}

LT_EXPORT ssize_t __write(int fd, const void* buffer, size_t size)  // NOLINT: libc's name
{
    return write_to(fd, buffer, size);
}

LT_EXPORT ssize_t writev(int fd, const iovec* parts, int count)
{
    lt::Thread* self = self_to_park();
    return self != nullptr ? lt::io::writev(*self, fd, parts, count)
                           : lt::os::real_calls().writev(fd, parts, count);
}

LT_EXPORT ssize_t recv(int fd, void* buffer, size_t size, int flags)
{
    return receive(fd, buffer, size, flags, nullptr, nullptr);
}

// NOLINTNEXTLINE: libc's name
LT_EXPORT ssize_t __recv_chk(int fd, void* buffer, size_t size, size_t room, int flags)
{
    check_room(size, room);
    return receive(fd, buffer, size, flags, nullptr, nullptr);
}

LT_EXPORT ssize_t recvfrom(int fd, void* buffer, size_t size, int flags, sockaddr* address,
                           socklen_t* length)
{
    return receive(fd, buffer, size, flags, address, length);
}

// NOLINTNEXTLINE: libc's name
LT_EXPORT ssize_t __recvfrom_chk(int fd, void* buffer, size_t size, size_t room, int flags,
                                 sockaddr* address, socklen_t* length)
{
    check_room(size, room);
    return receive(fd, buffer, size, flags, address, length);
}

// Messages may carry descriptors.
LT_EXPORT ssize_t recvmsg(int fd, msghdr* message, int flags)
{
    lt::Thread* self = self_to_park();
    const ssize_t result = self != nullptr ? lt::io::recvmsg(*self, fd, message, flags)
                                           : lt::os::real_calls().recvmsg(fd, message, flags);
    if (result >= 0 && message->msg_controllen != 0) {
        lt::io::note_flags_unknown();
    }
    return result;
}

LT_EXPORT ssize_t send(int fd, const void* buffer, size_t size, int flags)
{
    return send_to(fd, buffer, size, flags, nullptr, 0);
}

LT_EXPORT ssize_t __send(int fd, const void* buffer, size_t size, int flags)  // NOLINT: libc's name
{
    return send_to(fd, buffer, size, flags, nullptr, 0);
}

LT_EXPORT ssize_t sendto(int fd, const void* buffer, size_t size, int flags,
                         const sockaddr* address, socklen_t length)
{
    return send_to(fd, buffer, size, flags, address, length);
}

LT_EXPORT ssize_t sendmsg(int fd, const msghdr* message, int flags)
{
    lt::Thread* self = self_to_park();
    const ssize_t result = self != nullptr ? lt::io::sendmsg(*self, fd, message, flags)
                                           : lt::os::real_calls().sendmsg(fd, message, flags);
    if (result >= 0 && message->msg_controllen != 0) {
        lt::io::note_flags_unknown();
    }
    return result;
}
