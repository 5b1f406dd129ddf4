// Waiting for the end of a child, by its number or by a descriptor of it (pidfd).
//
// Such a descriptor becomes readable when the child ends: an unbound thread parks until then. What
// it does not tell is the kernel's, and holds the LWP: any child or a group, and stops. But the
// stop of a child that is traced ends every wait; so a thread that is parked looks by itself, too,
// each time when it has waited for as long again.
#pragma once

#include <sys/resource.h>
#include <sys/wait.h>

namespace lt::io {

// As libc's.
pid_t wait4(pid_t pid, int* status, int options, rusage* usage);

// As libc's; `info` is given.
int waitid(idtype_t type, id_t id, siginfo_t* info, int options);

}  // namespace lt::io
