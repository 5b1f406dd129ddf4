// Waiting for descriptors: one epoll instance for the whole process.
//
// A descriptor is registered for the edges (EPOLLET) of what its waiters want, and stays so. A
// waiter links a node into its entry and *arms* it, both under the entry's lock: epoll_ctl() looks
// at the file there and then, so an event that came before is found; and it fails if the number
// names another file than the one registered. As long as an entry has waiters, either an edge
// reaches them, or a thread woken for it has not passed on yet.
//
// Who has just tried in vain need not arm what is registered already: what has come since is an
// edge, and if one was taken from the poller meanwhile, FdEntry::edges tells. Only a number reused
// behind our back would be missed. Such a wait is *unconfirmed*; the clock LWP arms the entry if it
// lasts, at the second of its looks, and all of them before it stops looking.
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
// `target` is for lwpinspect: the descriptor, or what else `kind` asks for.
WakeCause sleep_for_descriptor(Thread& self, Waiter& waiter, WaitKind kind, std::uint32_t target,
                               const Deadline* deadline) noexcept;

// The descriptor calls itself ready and is not, so its edges say nothing: the next wait arms it. In
// no critical region.
void doubt_edges(Thread& self, FdEntry& entry) noexcept;

// The number was given to a file just made, whatever was believed of it.
void note_fresh(FdEntry& entry) noexcept;

// For io/closing.cpp. The number of an entry registered is about to be closed or given to another
// file: whoever waits fails with EBADF. It has been: whoever came in between looks again. In no
// critical region; the calling thread becomes known to the library.
void note_closing(FdEntry& entry, int fd) noexcept;
void note_closed(FdEntry& entry) noexcept;

// In the child of fork.
void reset_poller_after_fork() noexcept;

// In a copy of the process with all its threads, before they go on: those that wait for descriptors
// wait in a set of this process's own. False: there is none to be had.
[[nodiscard]] bool renew_poller_in_copy(Thread& self) noexcept;

}  // namespace lt::io
