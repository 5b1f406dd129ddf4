// What a thread knows of requests to cancel it.
//
// pthread_cancel marks glibc's control block, stores kUnseen and raises kRequestAttention, in this
// order. Attention may be lowered anywhere on the thread's way from its last look to its sleep, so
// that is not enough to end a wait: sleep_prepared() lets nobody fall asleep at a cancellation
// point who has an unseen request. A thread that has looked while cancellation was disabled sleeps
// on; where it is enabled again, glibc's mark counts at the next call.
#pragma once

#include <pthread.h>

#include "sched/thread.h"

namespace lt {

// Thread::cancel_requested. kUnseen is written by who cancels, the others by the thread itself.
enum Cancellation : std::uint32_t { kNotRequested, kUnseen, kSeen };

inline bool is_cancelled_unseen(const Thread& self)
{
    // acquire: glibc's mark is there.
    return self.cancel_requested.load(memory_order_acquire) == kUnseen;
}

// Acts on a request, now or ever since; does not return then, unless cancellation is disabled. Not
// noexcept: the stack is unwound.
inline void act_on_cancellation(Thread& self)
{
    // relaxed: one that is not seen yet raises kRequestAttention, or is seen in sleep_prepared().
    if (LT_LIKELY(self.cancel_requested.load(memory_order_relaxed) == kNotRequested)) {
        // It may have been cancelled before the library knew it.
        if (LT_UNLIKELY(self.has(kFlagForeign))) {
            ::pthread_testcancel();
        }
        return;
    }
    // seq_cst: before the look at glibc's mark, so that a request that comes after it is unseen.
    self.cancel_requested.exchange(kSeen, memory_order_seq_cst);
    ::pthread_testcancel();
}

}  // namespace lt
