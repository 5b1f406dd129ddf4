// SO_RCVTIMEO, SO_SNDTIMEO and SO_RCVLOWAT of sockets in whose calls threads park.
#pragma once

#include "io/call.h"

namespace lt::io {

// Gives the call the deadline that its socket's timeout sets; false: it has none.
bool apply_socket_timeout(Call& call) noexcept;

// setsockopt(2) has changed a timeout somewhere.
void note_timeout_change() noexcept;

// A read of the socket is now to wait for so many bytes, which one that does not wait disregards.
void note_low_water(int fd, int bytes) noexcept;

}  // namespace lt::io
