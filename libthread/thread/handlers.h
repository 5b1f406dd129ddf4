// The program's signal handlers: what it has installed, and the wrapper that keeps them out of
// critical regions [D8].
#pragma once

#include <csignal>
#include <cstdint>

#include "sched/settings.h"

namespace lt {

// sigaction for the program. Returns 0 or an error number.
int change_action(int signal, const struct sigaction* action, struct sigaction* before) noexcept;

enum class Disposition { kCaught, kIgnored, kDefault };

// What the process does with a signal; kIgnored also if that is its default.
Disposition disposition_of(int signal) noexcept;

// What the program gave to sigaction.
struct Handler {
    void* function = nullptr;  // sa_handler or sa_sigaction
    int flags = 0;
    std::uint64_t mask = 0;
};

// The handler to be called now, and the default in its place if it asked for that (SA_RESETHAND).
Handler take_handler(int signal) noexcept;

// Lets the kernel do what it does by default. Returns if that was to stop the process, and it has
// been continued.
void act_by_default(int signal) noexcept;

// The library's own signals, never blocked, never the program's: the kick makes a running thread
// look at its requests; for the other one see thread/suspend.h.
inline bool is_library_signal(int signal)
{
    return signal == settings.kick_signal || signal == settings.stop_signal;
}

// Their set.
inline std::uint64_t library_signals()
{
    return settings.own_signals;
}

void install_kick_handler() noexcept;

}  // namespace lt
