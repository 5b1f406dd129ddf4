// Children made by forkx with flags: which waits may reap them, and whose end is announced.
//
// The kernel knows no such flags. A child that stands in the way of a wait that must not see it is
// reaped and kept here, until the wait comes that may have it.
#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include <csignal>

namespace lt {

enum ChildFlag : int { kChildQuiet = 1, kChildById = 2 };  // FORK_NOSIGCHLD, FORK_WAITPID

struct EndedChild {
    pid_t pid = 0;
    int status = 0;
    rusage usage{};
};

// Notes a child; false: the table is full. Takes no lock: all calls may be made by handlers.
[[nodiscard]] bool note_child(pid_t pid, int flags) noexcept;

// Whether note_child() would find room now.
[[nodiscard]] bool room_for_child() noexcept;

// The flags of a child; 0: an ordinary one.
int flags_of_child(pid_t pid) noexcept;

// Reaps a noted child if it has ended, and keeps what is known of its end.
void collect_child(pid_t pid) noexcept;

// An ended child kept here whose end `wait` may have: `pid` itself; or, for 0, any of the process
// group `group` (0: of all groups). Forgets it unless `keep`. False: there is none.
bool take_ended_child(pid_t pid, pid_t group, bool keep, EndedChild& ended) noexcept;

// The kernel has given the child's end to somebody.
void forget_child(pid_t pid) noexcept;

// In the child of a fork, where they are brothers.
void forget_children_after_fork() noexcept;

// Whether this SIGCHLD is about quiet children only. If it stands for others too, which the kernel
// does not queue twice, `info` becomes about one of those.
bool is_quiet_end(siginfo_t& info) noexcept;

}  // namespace lt
