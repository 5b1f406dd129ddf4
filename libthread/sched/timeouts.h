// Deadlines of sleeping threads.
#pragma once

#include "base/deadline.h"
#include "sched/thread.h"

namespace lt {

// Takes a thread whose deadline has passed off its sleep queue, provided it still sleeps in the
// wait whose number is `wait`: the thread does not wait for the hook, and may be anywhere by now.
// True: it did, and the caller has to make it runnable. Installed once by sync/sleep_queue.cpp,
// called in a critical region and without locks.
using TimeoutHook = bool (*)(Thread& thread, std::uint64_t wait);
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
