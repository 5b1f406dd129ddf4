#include "io/attempts.h"

#include <asm/ioctls.h>
#include <asm/termbits.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>

#include "io/blocking.h"
#include "os/syscall.h"

namespace lt::io {
namespace {

constexpr long kCurrentPosition = -1;
constexpr long kNoWait = RWF_NOWAIT;
// What a pipe that calls itself writable has room for.
constexpr std::size_t kSafeWrite = 4096;

void believe(const Call& call, FdKind kind)
{
    call.entry->kind.store(kind, memory_order_relaxed);  // relaxed: a belief
}

// What is known of a file that knows no RWF_NOWAIT.
FdKind kind_to_poll(const Call& call)
{
    termios settings{};
    return os::raw_syscall(SYS_ioctl, call.fd, TCGETS, os::syscall_argument(&settings)) == 0
               ? FdKind::kTerminal
               : FdKind::kPolled;
}

std::size_t size_of(const iovec* parts, std::size_t count)
{
    std::size_t size = 0;
    for (std::size_t i = 0; i < count; ++i) {
        size += parts[i].iov_len;
    }
    return size;
}

// Whether the caller is in the background of its terminal: a read stops it, or fails.
bool is_in_background(int fd)
{
    int foreground = 0;
    return os::raw_syscall(SYS_ioctl, fd, TIOCGPGRP, os::syscall_argument(&foreground)) == 0 &&
           foreground != os::raw_syscall(SYS_getpgid, 0);
}

// Whether a read of so many bytes from a terminal that does not call itself readable waits until it
// does. If not, the kernel knows what it comes to: VMIN and VTIME may end it, with less or nothing.
bool waits_for_input(const Call& call, std::size_t size)
{
    termios settings{};
    os::raw_syscall(SYS_ioctl, call.fd, TCGETS, os::syscall_argument(&settings));
    const std::size_t least = settings.c_cc[VMIN];
    const bool by_line = (settings.c_lflag & ICANON) != 0;
    return (by_line || (least != 0 && least <= size)) && !is_in_background(call.fd) &&
           !is_nonblocking(call);
}

long read_if_ready(const Call& call, const iovec* parts, std::size_t count)
{
    if (!is_ready(call)) {
        // relaxed: a belief.
        const bool terminal = call.entry->kind.load(memory_order_relaxed) == FdKind::kTerminal;
        return terminal && !waits_for_input(call, size_of(parts, count)) ? kUseLibc : -EAGAIN;
    }
    return os::raw_syscall(SYS_readv, call.fd, os::syscall_argument(parts),
                           static_cast<long>(count));
}

long read_without_waiting(const Call& call, const iovec* parts, std::size_t count)
{
    return os::raw_syscall(SYS_preadv2, call.fd, os::syscall_argument(parts),
                           static_cast<long>(count), kCurrentPosition, 0, kNoWait);
}

long write_without_waiting(const Call& call, const Buffers& buffers)
{
    const iovec part = buffers.single() ? buffers.first() : iovec{};
    const iovec* parts = buffers.single() ? &part : buffers.parts;
    const std::size_t count = buffers.single() ? 1 : buffers.count;
    return os::raw_syscall(SYS_pwritev2, call.fd, os::syscall_argument(parts),
                           static_cast<long>(count), kCurrentPosition, 0, kNoWait);
}

// In frames of their own, these two: a thousand threads that read and write single buffers have as
// many stacks in the cache.
LT_NOINLINE long receive_parts(const Call& call, const iovec* parts, std::size_t count)
{
    msghdr message{};
    message.msg_iov = const_cast<iovec*>(parts);  // NOLINT: read only
    message.msg_iovlen = count;
    return os::raw_syscall(SYS_recvmsg, call.fd, os::syscall_argument(&message), MSG_DONTWAIT);
}

LT_NOINLINE long send_parts(const Call& call, const Buffers& buffers, long flags)
{
    msghdr message{};
    message.msg_iov = const_cast<iovec*>(buffers.parts);  // NOLINT: read only
    message.msg_iovlen = buffers.count;
    return os::raw_syscall(SYS_sendmsg, call.fd, os::syscall_argument(&message), flags);
}

long receive(const Call& call, const iovec* parts, std::size_t count)
{
    if (call.vectored) {
        const long result = read_without_waiting(call, parts, count);
        if (result != -EOPNOTSUPP) {
            return result;
        }
    }
    if (count == 1) {
        return os::raw_syscall(SYS_recvfrom, call.fd, os::syscall_argument(parts->iov_base),
                               static_cast<long>(parts->iov_len), MSG_DONTWAIT);
    }
    return receive_parts(call, parts, count);
}

long send(const Call& call, const Buffers& buffers)
{
    // Once begun there is something to write; the first attempt may raise SIGPIPE.
    if (call.vectored && buffers.done == 0) {
        const long result = write_without_waiting(call, buffers);
        if (result != -EOPNOTSUPP) {
            return result;
        }
    }
    const long flags = MSG_DONTWAIT | (buffers.done != 0 ? MSG_NOSIGNAL : 0);
    if (buffers.single()) {
        const iovec part = buffers.first();
        return os::raw_syscall(SYS_sendto, call.fd, os::syscall_argument(part.iov_base),
                               static_cast<long>(part.iov_len), flags);
    }
    return send_parts(call, buffers, flags);
}

// How many buffers, all of them whole, make a write for which there is room.
std::size_t safe_parts(const Buffers& buffers)
{
    std::size_t parts = 0;
    std::size_t size = 0;
    while (parts < buffers.count && buffers.parts[parts].iov_len <= kSafeWrite - size) {
        size += buffers.parts[parts++].iov_len;
    }
    return parts;
}

// A little at a time: a write for which there is not enough room would wait for it. What fits is
// one write, which nobody else's comes into.
long write_if_ready(const Call& call, const Buffers& buffers)
{
    if (!is_ready(call)) {
        return -EAGAIN;
    }
    if (!buffers.single()) {
        if (const std::size_t parts = safe_parts(buffers); parts > 1) {
            return os::raw_syscall(SYS_writev, call.fd, os::syscall_argument(buffers.parts),
                                   static_cast<long>(parts));
        }
    }
    const iovec part = buffers.first();
    const std::size_t size = part.iov_len < kSafeWrite ? part.iov_len : kSafeWrite;
    return os::raw_syscall(SYS_write, call.fd, os::syscall_argument(part.iov_base),
                           static_cast<long>(size));
}

}  // namespace

void Buffers::advance(std::size_t bytes)
{
    done += bytes;
    offset += bytes;
    while (count != 0 && offset >= parts->iov_len) {
        offset -= parts->iov_len;
        ++parts;
        --count;
    }
}

bool is_ready(const Call& call) noexcept
{
    pollfd file{call.fd, static_cast<short>(call.events), 0};
    return os::raw_syscall(SYS_poll, os::syscall_argument(&file), 1, 0) != 0;
}

long read_once(const Call& call, const iovec* parts, std::size_t count) noexcept
{
    for (;;) {
        long result = 0;
        switch (kind_of(call.fd, call.entry)) {
            case FdKind::kSocket:
                result = receive(call, parts, count);
                if (result != -ENOTSOCK) {
                    return result;
                }
                forget_beliefs(*call.entry);
                break;
            case FdKind::kStream:
                result = read_without_waiting(call, parts, count);
                if (result != -EOPNOTSUPP) {
                    return result;
                }
                believe(call, kind_to_poll(call));
                break;
            case FdKind::kPolled:
            case FdKind::kTerminal:
                return read_if_ready(call, parts, count);
            case FdKind::kUnknown:
            case FdKind::kDirect:
            case FdKind::kChild:
                return kUseLibc;
        }
    }
}

long write_once(const Call& call, const Buffers& buffers) noexcept
{
    for (;;) {
        long result = 0;
        switch (kind_of(call.fd, call.entry)) {
            case FdKind::kSocket:
                result = send(call, buffers);
                if (result != -ENOTSOCK) {
                    return result;
                }
                forget_beliefs(*call.entry);
                break;
            case FdKind::kStream:
                result = write_without_waiting(call, buffers);
                if (result != -EOPNOTSUPP) {
                    return result;
                }
                believe(call, kind_to_poll(call));
                break;
            case FdKind::kPolled:
            case FdKind::kTerminal:
                return write_if_ready(call, buffers);
            case FdKind::kUnknown:
            case FdKind::kDirect:
            case FdKind::kChild:
                return kUseLibc;
        }
    }
}

}  // namespace lt::io
