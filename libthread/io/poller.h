// Waiting for descriptors: one epoll instance for the whole process.
//
// A waiter links a node into the entry of its descriptor and arms the descriptor for one event
// (EPOLLONESHOT), both under the entry's lock. Arming looks at the file there and then, so an event
// that came before is found; and it fails if the number names another file than the one registered.
// As long as an entry has waiters, either it is armed for all of them, or a thread woken for it has
// not passed on yet.
#pragma once

#include <cstdint>

#include "io/fd_table.h"

namespace lt::io {

// Installs the scheduler's hooks; once, before the first unbound thread.
void start_poller() noexcept;

// Links and arms. 0, or an error number; then it is not linked. ESTALE: what was believed of the
// number is out of date, try again; EPERM: a file that poll(2) calls always ready; EBADF, ENOMEM
// and the like. In a critical region.
int join_waiters(Thread& self, WaitNode& node, int fd) noexcept;

// Unlinks if that is still to be done. True: others wait for the descriptor. In a critical region.
bool leave_waiters(WaitNode& node) noexcept;

// An exclusive waiter that was woken (Waiter::kReady) has used the descriptor, or not: others may
// find something there. In a critical region.
void pass_on(Thread& self, FdEntry& entry, int fd) noexcept;

// Sleeps until the waiter, whose nodes have all joined, has an outcome. In a critical region.
WakeCause sleep_for_descriptor(Thread& self, Waiter& waiter, WaitKind kind, int fd,
                               const Deadline* deadline) noexcept;

// For io/closing.cpp. The number of an entry registered is about to be closed or given to another
// file: whoever waits fails with EBADF. It has been: whoever came in between looks again. In no
// critical region; the calling thread becomes known to the library.
void note_closing(FdEntry& entry, int fd) noexcept;
void note_closed(FdEntry& entry) noexcept;

// In the child of fork.
void reset_poller_after_fork() noexcept;

}  // namespace lt::io
