// SO_RCVTIMEO and SO_SNDTIMEO of sockets in whose calls threads park.
#pragma once

#include "io/call.h"

namespace lt::io {

// Gives the call the deadline that its socket's timeout sets; false: it has none.
bool apply_socket_timeout(Call& call) noexcept;

// setsockopt(2) has changed a timeout somewhere.
void note_timeout_change() noexcept;

}  // namespace lt::io
