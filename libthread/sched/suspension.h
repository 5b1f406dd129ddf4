// Suspension: a thread with a bit of kRequestStops runs no user code. docs/ARCHITECTURE.md, 10, has
// the protocol and its proof.
//
// Whoever would queue such a thread, or takes it from a queue, leaves it in kStopped instead; one
// that runs goes there by itself when it is in no critical region. Each step out of kRunning is
// followed by a look at these bits and, if it is set, by stop_hook; the suspender sets one, calls
// a process-wide fence, and looks at the state.
#pragma once

#include <atomic>

#include "sched/settings.h"
#include "sched/thread.h"

namespace lt {

// Wakes those who wait for `stopped`, which does not run any more. Installed once by
// thread/suspend.cpp; called by `self`, the running thread, in a critical region and without locks.
using StopHook = void (*)(Thread& self, const Thread& stopped);
extern StopHook stop_hook;

// Whether the thread is to stop, or has.
inline bool is_suspended(const Thread& thread)
{
    // relaxed: a hint everywhere but after a change of the thread's state; see just_left().
    return (thread.requests.load(memory_order_relaxed) & kRequestStops) != 0;
}

// is_suspended() right after the thread's state was changed from kRunning.
inline bool just_left_suspended(const Thread& thread)
{
    // The suspender's process-wide fence orders the two; without one both sides pay.
    std::atomic_signal_fence(std::memory_order_seq_cst);
    if (LT_UNLIKELY(!settings.process_wide_fence)) {
        std::atomic_thread_fence(std::memory_order_seq_cst);
    }
    return is_suspended(thread);
}

// Stops a suspended thread that the caller owns and that is on no queue. True: it belongs to
// whoever continues it now. False: it has been continued meanwhile, and is the caller's, kRunnable.
LT_NOINLINE bool stop_owned(Thread& thread) noexcept;

// The same for any thread: false at once for one that is not suspended.
inline bool stop_if_suspended(Thread& thread)
{
    return LT_UNLIKELY(is_suspended(thread)) && stop_owned(thread);
}

// Stops the running thread until it is continued, however often. In no critical region; may return
// on another LWP.
LT_NOINLINE void stop_while_suspended(Thread& self) noexcept;

// While it lives, thr_getstate finds here the registers of a bound thread that sleeps or stops in
// the library.
class ParkedRegisters {
  public:
    explicit ParkedRegisters(Thread& self) : self_{self}
    {
        arch_note_registers(&saved_);
        // release: whoever sees the address sees the registers.
        self_.parked_at.store(&saved_, memory_order_release);
    }
    ~ParkedRegisters()
    {
        // relaxed: nobody looks at a thread that runs.
        self_.parked_at.store(nullptr, memory_order_relaxed);
    }
    ParkedRegisters(const ParkedRegisters&) = delete;
    ParkedRegisters& operator=(const ParkedRegisters&) = delete;

  private:
    Thread& self_;
    SavedRegisters saved_;
};

// Takes the request back and lets the thread go on from where it stopped, unless it is suspended in
// the other way. In a critical region, with the registry's lock held so that the thread lives;
// true: the caller owns it and must call make_runnable() without that lock.
[[nodiscard]] bool end_suspension(Thread& thread, Request request) noexcept;

}  // namespace lt
