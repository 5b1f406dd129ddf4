// A system call made by io_uring(7), which can begin it without waiting where the call itself can
// only be told by the open file description, which others share.
#pragma once

#include <sys/socket.h>

namespace lt::os {

// connect(2): 0 or a negative error number. -EINPROGRESS: it goes on in the kernel. -ENOSYS: this
// kernel has no io_uring, or the process may not or should not use it; then nothing was begun.
// In a critical region: a handler that leaves by siglongjmp would leave the ring behind.
long begin_connect(int fd, const sockaddr* address, socklen_t length) noexcept;

}  // namespace lt::os
