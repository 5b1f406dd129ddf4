// Waiting for one of many descriptors. As libc's: -1 and errno on failure. `deadline`: nullptr for
// ever; the caller deals with timeouts of nothing.
#pragma once

#include <poll.h>
#include <sys/epoll.h>
#include <sys/select.h>

#include "base/deadline.h"
#include "sched/thread.h"

namespace lt::io {

int poll(Thread& self, pollfd* files, nfds_t count, const Deadline* deadline);

int select(Thread& self, int limit, fd_set* readable, fd_set* writable, fd_set* exceptional,
           const Deadline* deadline);

int epoll_wait(Thread& self, int fd, epoll_event* events, int most, const Deadline* deadline);

}  // namespace lt::io
