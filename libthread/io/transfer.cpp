#include "io/transfer.h"

#include <cerrno>

#include "io/attempts.h"
#include "os/real_calls.h"
#include "os/syscall.h"

namespace lt::io {
namespace {

struct Reading : Call {
    Reading(int descriptor, const iovec* list, std::size_t length)
        : Call{descriptor, EPOLLIN, WaitKind::kRead}, parts{list}, count{length}
    {
        attempt = [](Call& call) {
            const auto& self = static_cast<Reading&>(call);
            return read_once(self, self.parts, self.count);
        };
        block = [](Call& call) -> long {
            const auto& self = static_cast<Reading&>(call);
            return os::real_calls().readv(self.fd, self.parts, static_cast<int>(self.count));
        };
    }

    const iovec* parts;
    std::size_t count;
};

// A write waits until everything is written.
struct Writing : Call {
    Writing(int descriptor, const iovec* list, std::size_t length)
        : Call{descriptor, EPOLLOUT, WaitKind::kWrite}
    {
        buffers.parts = list;
        buffers.count = length;
        attempt = [](Call& call) { return static_cast<Writing&>(call).try_all(); };
        block = [](Call& call) { return static_cast<Writing&>(call).write_rest(); };
    }

    long try_all()
    {
        for (;;) {
            const long result = write_once(*this, buffers);
            if (result < 0) {
                return result;
            }
            if (const long total = account(result); total >= 0) {
                return total;
            }
            // relaxed: a belief. Others took what they could.
            if (!is_polled(entry->kind.load(memory_order_relaxed))) {
                return -EAGAIN;
            }
        }
    }

    // What has been written in all; negative: there is more to do.
    long account(long written)
    {
        if (written == 0) {
            return static_cast<long>(buffers.done);
        }
        buffers.advance(static_cast<std::size_t>(written));
        progress();
        return buffers.complete() ? static_cast<long>(buffers.done) : -1;
    }

    // A call that has begun here goes on until all is written, part by part.
    long write_rest()
    {
        const bool begun = buffers.done != 0;
        for (;;) {
            const iovec part = buffers.offset != 0 ? buffers.first() : iovec{};
            const long result =
                buffers.offset != 0
                    ? os::real_calls().write(fd, part.iov_base, part.iov_len)
                    : os::real_calls().writev(fd, buffers.parts, static_cast<int>(buffers.count));
            if (result < 0) {
                return result;
            }
            const long total = account(result);
            if (!begun || total >= 0) {
                return static_cast<long>(buffers.done);
            }
        }
    }

    Buffers buffers;
};

bool is_stream(int fd)
{
    int type = 0;
    socklen_t size = sizeof(type);
    return os::raw_syscall(SYS_getsockopt, fd, SOL_SOCKET, SO_TYPE, os::syscall_argument(&type),
                           os::syscall_argument(&size)) == 0 &&
           type == SOCK_STREAM;
}

struct Receiving : Call {
    Receiving(int descriptor, void* where, std::size_t room, int how, sockaddr* from,
              socklen_t* length)
        : Call{descriptor, EPOLLIN, WaitKind::kRead},
          buffer{static_cast<char*>(where)},
          size{room},
          flags{how},
          address{from},
          address_length{length}
    {
        on_socket = true;
        attempt = [](Call& call) {
            return is_direct(call.entry) ? kUseLibc : static_cast<Receiving&>(call).try_some();
        };
        block = [](Call& call) -> long {
            const auto& self = static_cast<Receiving&>(call);
            const long result =
                os::real_calls().recvfrom(self.fd, self.buffer + self.done, self.size - self.done,
                                          self.flags, self.address, self.address_length);
            return result < 0 ? result : result + static_cast<long>(self.done);
        };
    }

    long try_some()
    {
        const std::size_t left = size - done;
        const long result =
            os::raw_syscall(SYS_recvfrom, fd, os::syscall_argument(buffer + done),
                            static_cast<long>(left), flags | MSG_DONTWAIT,
                            os::syscall_argument(address), os::syscall_argument(address_length));
        if (result < 0) {
            return result;
        }
        const bool wants_more = (flags & MSG_WAITALL) != 0 && result != 0 &&
                                static_cast<std::size_t>(result) < left && is_stream(fd);
        if (wants_more) {
            done += static_cast<std::size_t>(result);
            progress();
            return -EAGAIN;
        }
        return result + static_cast<long>(done);
    }

    char* buffer;
    std::size_t size;
    int flags;
    sockaddr* address;
    socklen_t* address_length;
    std::size_t done = 0;
};

struct ReceivingMessage : Call {
    ReceivingMessage(int descriptor, msghdr* where, int how)
        : Call{descriptor, EPOLLIN, WaitKind::kRead}, message{where}, flags{how}
    {
        on_socket = true;
        attempt = [](Call& call) -> long {
            const auto& self = static_cast<ReceivingMessage&>(call);
            if (is_direct(self.entry)) {
                return kUseLibc;
            }
            return os::raw_syscall(SYS_recvmsg, self.fd, os::syscall_argument(self.message),
                                   self.flags | MSG_DONTWAIT);
        };
        block = [](Call& call) -> long {
            const auto& self = static_cast<ReceivingMessage&>(call);
            return os::real_calls().recvmsg(self.fd, self.message, self.flags);
        };
    }

    msghdr* message;
    int flags;
};

// A list of buffers to a socket, with an address or control data for the first of them.
struct Sending : Call {
    Sending(int descriptor, const msghdr& what, int how)
        : Call{descriptor, EPOLLOUT, WaitKind::kWrite}, message{what}, flags{how}
    {
        buffers.parts = what.msg_iov;
        buffers.count = what.msg_iovlen;
        on_socket = true;
        attempt = [](Call& call) { return static_cast<Sending&>(call).try_all(); };
        block = [](Call& call) -> long { return static_cast<Sending&>(call).send_rest(); };
    }

    // As Writing::write_rest().
    long send_rest()
    {
        const bool begun = buffers.done != 0;
        for (;;) {
            iovec part{};
            const msghdr left = rest(part);
            const long result = os::real_calls().sendmsg(fd, &left, flags);
            if (result < 0) {
                return result;
            }
            buffers.advance(static_cast<std::size_t>(result));
            if (!begun || result == 0 || buffers.complete()) {
                return static_cast<long>(buffers.done);
            }
        }
    }

    msghdr rest(iovec& part) const
    {
        msghdr left = message;
        if (buffers.done != 0) {
            left.msg_name = nullptr;
            left.msg_namelen = 0;
            left.msg_control = nullptr;
            left.msg_controllen = 0;
        }
        left.msg_iov = const_cast<iovec*>(buffers.parts);  // NOLINT: read only
        left.msg_iovlen = buffers.count;
        if (buffers.offset != 0) {
            part = buffers.first();
            left.msg_iov = &part;
            left.msg_iovlen = 1;
        }
        return left;
    }

    long send_once() const
    {
        const long how = flags | MSG_DONTWAIT | (buffers.done != 0 ? MSG_NOSIGNAL : 0);
        if (message.msg_controllen == 0 && buffers.single()) {
            const iovec part = buffers.first();
            const bool begun = buffers.done != 0;
            return os::raw_syscall(SYS_sendto, fd, os::syscall_argument(part.iov_base),
                                   static_cast<long>(part.iov_len), how,
                                   begun ? 0 : os::syscall_argument(message.msg_name),
                                   begun ? 0 : static_cast<long>(message.msg_namelen));
        }
        iovec part{};
        const msghdr left = rest(part);
        return os::raw_syscall(SYS_sendmsg, fd, os::syscall_argument(&left), how);
    }

    long try_all()
    {
        const long result = send_once();
        if (result < 0) {
            return result;
        }
        if (result == 0) {
            return static_cast<long>(buffers.done);
        }
        buffers.advance(static_cast<std::size_t>(result));
        progress();
        return buffers.complete() ? static_cast<long>(buffers.done) : -EAGAIN;
    }

    msghdr message;
    int flags;
    Buffers buffers;
};

// These never wait, or look without taking: the kernel knows best.
constexpr int kNeverParks = MSG_DONTWAIT | MSG_ERRQUEUE | MSG_OOB;
// And this connects first.
constexpr int kNeverParksSending = MSG_DONTWAIT | MSG_FASTOPEN;
constexpr int kMostParts = 1024;

bool keeps_to_libc(int flags)
{
    return (flags & kNeverParks) != 0 ||
           (flags & (MSG_WAITALL | MSG_PEEK)) == (MSG_WAITALL | MSG_PEEK);
}

}  // namespace

ssize_t read(Thread& self, int fd, void* buffer, std::size_t size)
{
    if (size == 0) {
        return os::real_calls().read(fd, buffer, size);
    }
    const iovec part{buffer, size};
    Reading call{fd, &part, 1};
    return finish(perform(self, call));
}

ssize_t readv(Thread& self, int fd, const iovec* parts, int count)
{
    if (count <= 0 || count > kMostParts) {
        return os::real_calls().readv(fd, parts, count);
    }
    Reading call{fd, parts, static_cast<std::size_t>(count)};
    call.vectored = true;
    return finish(perform(self, call));
}

ssize_t write(Thread& self, int fd, const void* buffer, std::size_t size)
{
    if (size == 0) {
        return os::real_calls().write(fd, buffer, size);
    }
    const iovec part{const_cast<void*>(buffer), size};  // NOLINT: read only
    Writing call{fd, &part, 1};
    const long result = perform(self, call);
    return finish(result, call.buffers.done);
}

ssize_t writev(Thread& self, int fd, const iovec* parts, int count)
{
    if (count <= 0 || count > kMostParts) {
        return os::real_calls().writev(fd, parts, count);
    }
    Writing call{fd, parts, static_cast<std::size_t>(count)};
    call.vectored = true;
    const long result = perform(self, call);
    return finish(result, call.buffers.done);
}

ssize_t recvfrom(Thread& self, int fd, void* buffer, std::size_t size, int flags, sockaddr* address,
                 socklen_t* length)
{
    if (keeps_to_libc(flags)) {
        return os::real_calls().recvfrom(fd, buffer, size, flags, address, length);
    }
    Receiving call{fd, buffer, size, flags, address, length};
    const long result = perform(self, call);
    return finish(result, call.done);
}

ssize_t recvmsg(Thread& self, int fd, msghdr* message, int flags)
{
    // Filling several buffers in steps is the kernel's business.
    if (keeps_to_libc(flags) || (flags & MSG_WAITALL) != 0 || message == nullptr) {
        return os::real_calls().recvmsg(fd, message, flags);
    }
    ReceivingMessage call{fd, message, flags};
    return finish(perform(self, call));
}

ssize_t sendto(Thread& self, int fd, const void* buffer, std::size_t size, int flags,
               const sockaddr* address, socklen_t length)
{
    if ((flags & kNeverParksSending) != 0) {
        return os::real_calls().sendto(fd, buffer, size, flags, address, length);
    }
    iovec part{const_cast<void*>(buffer), size};  // NOLINT: read only
    msghdr message{};
    message.msg_name = const_cast<sockaddr*>(address);  // NOLINT: read only
    message.msg_namelen = length;
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    Sending call{fd, message, flags};
    const long result = perform(self, call);
    return finish(result, call.buffers.done);
}

ssize_t sendmsg(Thread& self, int fd, const msghdr* message, int flags)
{
    if ((flags & kNeverParksSending) != 0 || message == nullptr || message->msg_iovlen == 0) {
        return os::real_calls().sendmsg(fd, message, flags);
    }
    Sending call{fd, *message, flags};
    const long result = perform(self, call);
    return finish(result, call.buffers.done);
}

}  // namespace lt::io
