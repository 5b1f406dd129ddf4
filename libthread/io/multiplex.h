// Waiting for one of many descriptors. As libc's: -1 and errno on failure. `deadline`: nullptr for
// ever. `since`: what the thread had seen before it took on a mask for the wait, which a handler
// that has run since then ends; nullptr for a wait without one.
#pragma once

#include <poll.h>
#include <sys/epoll.h>
#include <sys/select.h>

#include "base/deadline.h"
#include "io/waiter.h"
#include "sched/thread.h"

namespace lt::io {

int poll(Thread& self, pollfd* files, nfds_t count, const Deadline* deadline,
         const HandlersSeen* since = nullptr);

int select(Thread& self, int limit, fd_set* readable, fd_set* writable, fd_set* exceptional,
           const Deadline* deadline, const HandlersSeen* since = nullptr);

int epoll_wait(Thread& self, int fd, epoll_event* events, int most, const Deadline* deadline,
               const HandlersSeen* since = nullptr);

}  // namespace lt::io
