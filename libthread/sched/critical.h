// Critical regions [D8]: inside one there is no user code, no malloc, no blocking call and no
// signal handler; signals that arrive are noted and delivered on leaving. The depth belongs to the
// thread, so a region may span a switch: each thread leaves its own after it has been resumed.
#pragma once

#include <atomic>

#include "base/atomic.h"
#include "lwp/lwp.h"
#include "sched/thread.h"

namespace lt {

// Does what waited for the end of the region: stops if the thread is suspended, delivers deferred
// and pending signals. May run user code and may switch.
LT_NOINLINE void handle_attention(Thread& self) noexcept;

inline void enter_critical(Thread& self)
{
    // relaxed: only handlers on the same thread look; the fence keeps the compiler in order.
    self.critical.store(self.critical.load(memory_order_relaxed) + 1, memory_order_relaxed);
    std::atomic_signal_fence(std::memory_order_seq_cst);
}

// Leaves without looking whether something waits; for callers that cannot run user code here.
inline void leave_critical_quietly(Thread& self)
{
    std::atomic_signal_fence(std::memory_order_seq_cst);
    // relaxed: as in enter_critical.
    self.critical.store(self.critical.load(memory_order_relaxed) - 1, memory_order_relaxed);
}

inline void leave_critical(Thread& self)
{
    leave_critical_quietly(self);
    std::atomic_signal_fence(std::memory_order_seq_cst);
    // relaxed: a request that arrives later finds the region left and acts by itself.
    if (LT_UNLIKELY(self.requests.load(memory_order_relaxed) != 0 ||
                    self.lwp->signal_deferred.load(memory_order_relaxed) != 0) &&
        self.critical.load(memory_order_relaxed) == 0) {  // relaxed: our own depth
        handle_attention(self);
    }
}

class CriticalRegion {
  public:
    explicit CriticalRegion(Thread& self) : self_{self} { enter_critical(self_); }
    ~CriticalRegion() { leave_critical(self_); }
    CriticalRegion(const CriticalRegion&) = delete;
    CriticalRegion& operator=(const CriticalRegion&) = delete;

  private:
    Thread& self_;
};

}  // namespace lt
