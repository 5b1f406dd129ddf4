// Making connections.
#pragma once

#include <sys/socket.h>

#include "sched/thread.h"

namespace lt::io {

// As libc's: -1 and errno on failure. `flags` are accept4's.
int accept(Thread& self, int fd, sockaddr* address, socklen_t* length, int flags);

// Waits without the LWP for peers on other machines where io_uring(7) is to be had; otherwise holds
// it, and threads that wait to run get another one.
int connect(Thread& self, int fd, const sockaddr* address, socklen_t length);

}  // namespace lt::io
