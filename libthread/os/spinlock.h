// A test-and-test-and-set lock for short sections that never block, allocate or run user code.
//
// It says nothing about signals: a caller that can be interrupted by a handler which takes the same
// lock must be in a critical region (sched/critical.h) first.
#pragma once

#include <sched.h>

#include "arch/cpu.h"
#include "base/annotations.h"
#include "base/atomic.h"
#include "base/compiler.h"

namespace lt {

class LT_CAPABILITY("spinlock") SpinLock {
  public:
    void lock() noexcept LT_ACQUIRE()
    {
        // acquire: everything the previous holder wrote is visible to us.
        if (LT_UNLIKELY(held_.exchange(1, memory_order_acquire) != 0)) {
            lock_after_waiting();
        }
    }

    [[nodiscard]] bool try_lock() noexcept LT_TRY_ACQUIRE(true)
    {
        // relaxed: a hint that saves the locked instruction; acquire: as lock().
        return held_.load(memory_order_relaxed) == 0 &&
               held_.exchange(1, memory_order_acquire) == 0;
    }

    void unlock() noexcept LT_RELEASE()
    {
        // release: pairs with the acquire in lock().
        held_.store(0, memory_order_release);
    }

  private:
    // The holder may be off its CPU: after a while let the kernel run it.
    LT_NOINLINE void lock_after_waiting() noexcept
    {
        unsigned spins = 0;
        do {
            // relaxed: only the exchange orders anything.
            while (held_.load(memory_order_relaxed) != 0) {
                arch::pause();
                if (++spins % 128 == 0) {
                    ::sched_yield();
                }
            }
        } while (held_.exchange(1, memory_order_acquire) != 0);  // acquire: as lock()
    }

    Atomic<unsigned> held_{0};
};

class LT_SCOPED_CAPABILITY SpinGuard {
  public:
    explicit SpinGuard(SpinLock& lock) noexcept LT_ACQUIRE(lock) : lock_{lock} { lock_.lock(); }
    ~SpinGuard() LT_RELEASE() { lock_.unlock(); }
    SpinGuard(const SpinGuard&) = delete;
    SpinGuard& operator=(const SpinGuard&) = delete;

  private:
    SpinLock& lock_;
};

}  // namespace lt
