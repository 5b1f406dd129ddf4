// read(2), write(2) and their kin for unbound threads. As libc's: -1 and errno on failure.
#pragma once

#include <sys/socket.h>
#include <sys/uio.h>

#include "sched/thread.h"

namespace lt::io {

ssize_t read(Thread& self, int fd, void* buffer, std::size_t size);
ssize_t readv(Thread& self, int fd, const iovec* parts, int count);
ssize_t write(Thread& self, int fd, const void* buffer, std::size_t size);
ssize_t writev(Thread& self, int fd, const iovec* parts, int count);

ssize_t recvfrom(Thread& self, int fd, void* buffer, std::size_t size, int flags, sockaddr* address,
                 socklen_t* length);
ssize_t recvmsg(Thread& self, int fd, msghdr* message, int flags);
ssize_t sendto(Thread& self, int fd, const void* buffer, std::size_t size, int flags,
               const sockaddr* address, socklen_t length);
ssize_t sendmsg(Thread& self, int fd, const msghdr* message, int flags);

}  // namespace lt::io
