// The program's signal handlers, wrapped so that none runs inside a critical region [D8].
#pragma once

#include <csignal>
#include <cstdint>

namespace lt {

// The library's own signal: makes a running thread look at its requests. Never blocked, never the
// program's.
int kick_signal() noexcept;

// Whether the signal is one of the library's own; and their set.
bool is_library_signal(int signal) noexcept;
std::uint64_t library_signals() noexcept;

// sigaction for the program. Returns 0 or an error number.
int change_action(int signal, const struct sigaction* action, struct sigaction* before) noexcept;

// Installs the handler of the kick signal.
void install_kick_handler() noexcept;

}  // namespace lt
