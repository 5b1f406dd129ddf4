// Signals to threads: masks that belong to them, thr_kill, cancellation, handlers kept out of
// critical regions.
#pragma once

#include <csignal>
#include <cstdint>

#include "base/error.h"
#include "sched/thread.h"

namespace lt {

// Changes the calling thread's mask as sigprocmask does; 0 for `set` only asks. Signals that were
// pending and are open now are delivered before it returns. kInvalid: bad `how`.
Error change_mask(Thread& self, int how, const std::uint64_t* set, std::uint64_t* before) noexcept;

// thr_kill: `signal` to the thread with that id, wherever it is; 0 only asks.
Error kill_thread(Thread& self, std::uint32_t id, int signal) noexcept;

// Raises the signals that thr_kill left for the calling thread and its mask lets through, on its
// own LWP, whose kernel mask is the thread's.
void raise_pending(Thread& self) noexcept;

// The same for a handler of the library that all signals are blocked for: they arrive when it
// returns.
void attend_in_handler(Thread& self) noexcept;

// After a stop in a handler: a cancellation that came meanwhile ends the system call that is about
// to be restarted. All signals are blocked.
void repeat_cancellation(Thread& self) noexcept;

// The signal mask for destructors of an ending thread: everything blocked.
void block_all_signals(Thread& self) noexcept;

// pthread_cancel has marked `target`: wakes it if it sleeps at a cancellation point, or interrupts
// the system call it is in.
void announce_cancellation(Thread& self, Thread& target) noexcept;

}  // namespace lt
