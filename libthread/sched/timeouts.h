// Deadlines of sleeping threads.
#pragma once

#include "base/deadline.h"
#include "sched/thread.h"

namespace lt {

// What to do with a thread whose deadline has passed: installed once by sync/sleep_queue.cpp,
// called on the library's clock LWP (for a bound thread: on its own), in a critical region and
// without locks. It must try to take the thread off its sleep queue, then call
// timeout_done(thread), and only then resume it if it was taken.
using TimeoutHook = void (*)(Thread& clock, Thread& thread);
extern TimeoutHook timeout_hook;

// A signal was deferred while a bound thread slept: installed once by thread/signals.cpp, called by
// the thread itself in its critical region; ends the sleep if nobody else has.
using InterruptHook = void (*)(Thread& self);
extern InterruptHook interrupt_hook;

// Starts `thread`'s deadline. Called with the thread's sleep queue locked: the lock inside ranks
// below sleep queues.
void arm_timeout(Thread& thread, const Deadline& deadline) noexcept;

// After the sleep: returns once the hook will not touch `thread` any more.
void disarm_timeout(Thread& thread) noexcept;

// For the hook: from here on disarm_timeout() need not wait for it.
void timeout_done(Thread& thread) noexcept;

}  // namespace lt
