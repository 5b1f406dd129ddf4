// The environment variables of libthread(3).
#pragma once

namespace lt {

// Fills `settings` and `process`; a bad value is a warning on standard error and changes nothing.
void read_environment() noexcept;

}  // namespace lt
