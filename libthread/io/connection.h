// Making connections.
#pragma once

#include <sys/socket.h>

#include "sched/thread.h"

namespace lt::io {

// As libc's: -1 and errno on failure. `flags` are accept4's.
int accept(Thread& self, int fd, sockaddr* address, socklen_t* length, int flags);

// Holds the LWP until the peer has answered: there is no way to try without changing the
// descriptor's description. Threads that wait to run get another LWP.
int connect(Thread& self, int fd, const sockaddr* address, socklen_t length);

}  // namespace lt::io
