// thr_suspend and thr_continue, and the signal that stops a thread which runs.
#pragma once

#include <ucontext.h>

#include <cstdint>

#include "base/error.h"
#include "sched/thread.h"
#include "thread/registry.h"

namespace lt {

// thr_suspend: when it returns, the thread with that id runs no user code until it is continued.
// The caller itself stops before it returns. kNoSuchThread: none, or it ended.
// `request` is one of kRequestStops; it is taken back by the same one.
Error suspend_thread(Thread& self, std::uint32_t id, Request request) noexcept;

// thr_continue, also of a thread made suspended. kNoSuchThread.
Error continue_thread(Thread& self, std::uint32_t id, Request request) noexcept;

// The parts of suspend_thread(), for whoever suspends many: after the requests were raised under
// the life lock, make_requests_known() once, and then for each thread await_stop(), which gives
// kNoSuchThread if it has ended. In a critical region.
void make_requests_known() noexcept;
Error await_stop(Thread& self, Thread& target, std::uint32_t id) noexcept;

// Whoever was woken for a mutex is relied on to come for it. While it is suspended, and the life
// lock keeps it so, it does not return from mutex_lock, and the mutex lives.
void pass_on_promise(Thread& self, const Thread& target) noexcept LT_REQUIRES(life_lock);

// A suspended thread has ended: those who wait for it to stop look again. In a critical region.
void wake_suspenders(Thread& self, const Thread& stopped) noexcept;

// For handlers of the library's own signals: the calling thread was interrupted in user code, all
// signals blocked. It leaves its LWP by rest(self), and may go on on another. The kernel sets the
// interrupted code's mask and registers when the handler returns.
void rest_in_handler(Thread& self, ucontext_t& machine, void (*rest)(Thread&) noexcept) noexcept;

// Installs the handler of the signal that makes a running thread stop (settings.stop_signal).
// System calls that it interrupts are restarted where the kernel does so at all.
void start_suspension() noexcept;

}  // namespace lt
