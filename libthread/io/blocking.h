// What is known of O_NONBLOCK, which lies in the open file description.
//
// A call that would wait asks F_GETFL first, unless the description is known to be without the
// flag. That is known of sockets that this process has made by accept(), socket() or socketpair()
// without asking for the flag, as long as nobody has set the flag of any description and none can
// have come from another process or got to one: by fork() or in a message. A child of posix_spawn()
// or vfork() that sets it in a description that it was left is not noticed: a read that begins
// after that waits, as one that began before does in the kernel too. A number that was closed
// behind our back and is a socket again has been through one of the calls that tell.
#pragma once

#include "io/call.h"

namespace lt::io {

// Whether the description is without, as far as is known. Asks nobody.
bool is_known_to_block(const FdEntry& entry) noexcept;

bool is_nonblocking(const Call& call) noexcept;

// The number was given to a socket just made, whatever was believed of it.
void note_socket(int fd, bool blocks) noexcept;

// The number was given to a copy of another descriptor.
void note_copy(int fd) noexcept;

// Descriptions may have got the flag, or owners besides this process.
void note_flags_unknown() noexcept;

}  // namespace lt::io
