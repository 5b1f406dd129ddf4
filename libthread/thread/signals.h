// Signals to threads: masks that belong to them, thr_kill, cancellation.
#pragma once

#include <ucontext.h>

#include <csignal>
#include <cstdint>

#include "base/error.h"
#include "sched/thread.h"

namespace lt {

// What of a mask a thread can have: the signals of the kernel, of glibc and ours stay open.
std::uint64_t allowed_mask(std::uint64_t mask) noexcept;

// Changes the calling thread's mask as sigprocmask does; 0 for `set` only asks. Signals that were
// pending and are open now are delivered before it returns. kInvalid: bad `how`.
Error change_mask(Thread& self, int how, const std::uint64_t* set, std::uint64_t* before) noexcept;

// The same with a mask that is allowed.
void adopt_mask(Thread& self, std::uint64_t mask) noexcept;

// libc is about to set that mask without asking us.
void expect_kernel_mask(Thread& self, std::uint64_t mask) noexcept;

// thr_kill: `info.si_signo` to the thread with that id, wherever it is; 0 only asks. kInvalid,
// kNoSuchThread, kLimit (too many wait).
Error kill_thread(Thread& self, std::uint32_t id, const siginfo_t& info) noexcept;

// What a signal sent by thr_kill tells of itself.
siginfo_t info_of_kill(int signal) noexcept;

// Hands a signal to a thread that lives, and sees to it that it notices. False: there are too many.
// In a critical region, under the registry's lock.
[[nodiscard]] bool give_signal(Thread& self, Thread& target, const siginfo_t& info,
                               bool for_process) noexcept;

// Ends the sleep of a thread that waits for signals, to look at those of the process. As above.
void wake_waiter(Thread& self, Thread& target) noexcept;

// Delivers the signals that wait for the calling thread and that its mask lets through. `context`:
// what a handler has interrupted, nullptr: nothing.
void raise_pending(Thread& self, ucontext_t* context = nullptr) noexcept;

// Whether raise_pending() would find something.
bool has_open_signal(const Thread& self) noexcept;

// The last thing in a handler of the library's own signals, with everything blocked: what was
// requested of the thread.
void attend_in_handler(Thread& self, ucontext_t& context) noexcept;

// The signal mask for destructors of an ending thread: everything blocked.
void block_all_signals(Thread& self) noexcept;

// No handler runs on the thread any more: its thread-local variables are about to go. Without a
// system call if it is unbound: what its LWP still lets in, the wrapper passes on.
void close_to_signals_at_end(Thread& self) noexcept;

// pthread_cancel has marked `target`: wakes it if it sleeps at a cancellation point, or interrupts
// the system call it is in.
void announce_cancellation(Thread& self, Thread& target) noexcept;

}  // namespace lt
