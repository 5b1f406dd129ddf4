// Deadlines of sleeping threads.
#pragma once

#include "base/deadline.h"
#include "sched/thread.h"

namespace lt {

// What to do with a thread whose deadline has passed: installed once by sync/sleep_queue.cpp,
// called on the library's clock LWP (for a bound thread: on its own), in a critical region and
// without locks. It takes the thread off its sleep queue and resumes it, provided the thread still
// sleeps in the wait whose number is `wait`: the thread does not wait for the hook, and may be
// anywhere by now.
using TimeoutHook = void (*)(Thread& clock, Thread& thread, std::uint64_t wait);
extern TimeoutHook timeout_hook;

// A signal was deferred while a bound thread slept: installed once by thread/signals.cpp, called by
// the thread itself in its critical region; ends the sleep if nobody else has.
using InterruptHook = void (*)(Thread& self);
extern InterruptHook interrupt_hook;

// Starts `thread`'s deadline. Called with the thread's sleep queue locked: the lock inside ranks
// below sleep queues.
void arm_timeout(Thread& thread, const Deadline& deadline) noexcept;

// After the sleep. A hook that has been called for it already finds another number.
void disarm_timeout(Thread& thread) noexcept;

}  // namespace lt
