// Runnable threads that belong to no LWP: those woken from outside the pool or overflowing it, and
// all threads whose priority is not the common one (0).
#pragma once

#include <cstdint>

#include "base/atomic.h"
#include "os/spinlock.h"
#include "sched/thread.h"

namespace lt {

inline constexpr std::uint8_t kCommonPriority = 0;

class ThreadList {
  public:
    void push_back(Thread& thread)
    {
        thread.next = nullptr;
        thread.prev = tail_;
        (tail_ != nullptr ? tail_->next : head_) = &thread;
        tail_ = &thread;
    }
    void remove(Thread& thread)
    {
        (thread.prev != nullptr ? thread.prev->next : head_) = thread.next;
        (thread.next != nullptr ? thread.next->prev : tail_) = thread.prev;
        thread.next = thread.prev = nullptr;
    }
    [[nodiscard]] Thread* head() const { return head_; }

  private:
    Thread* head_ = nullptr;
    Thread* tail_ = nullptr;
};

class SharedQueues {
  public:
    void push(Thread& thread) noexcept;

    // Moves a whole batch, for an LWP whose own queue is full.
    void push_batch(Thread* const* threads, std::uint32_t count) noexcept;

    // The first thread of the highest priority at or above `least`; with `avoid`, one whose last
    // carrier was another LWP (forced migration). nullptr: none.
    [[nodiscard]] Thread* take(std::uint32_t least, const Lwp* avoid = nullptr) noexcept;

    // Up to so many threads of the common priority, first ones first, linked by `next`.
    [[nodiscard]] Thread* take_common(std::uint32_t most) noexcept;

    // Gives a thread whose level has changed its place, if it is queued here; false: it is not, and
    // whoever pushes it from now on sees the level.
    bool requeue(Thread& thread) noexcept;

    // In the child of fork, where the queued threads do not exist.
    void reset_after_fork() noexcept LT_NO_TSA;

    // The highest priority present plus one; 0 when empty.
    [[nodiscard]] std::uint32_t best() const noexcept
    {
        // relaxed: a hint; take() looks again under the lock.
        return best_.load(memory_order_relaxed);
    }
    [[nodiscard]] std::uint32_t size() const noexcept
    {
        return count_.load(memory_order_relaxed);  // relaxed: a hint
    }

  private:
    void insert(Thread& thread) noexcept LT_REQUIRES(lock_);
    void erase(Thread& thread) noexcept LT_REQUIRES(lock_);
    [[nodiscard]] std::uint32_t highest() const noexcept LT_REQUIRES(lock_);

    SpinLock lock_;  // guards the lists and bitmap; leaf
    ThreadList lists_[kMaxPriority + 1] LT_GUARDED_BY(lock_);
    std::uint64_t bitmap_[2] LT_GUARDED_BY(lock_) = {};
    // Written under the lock, read by every LWP before it looks elsewhere.
    Atomic<std::uint32_t> best_{0};
    Atomic<std::uint32_t> count_{0};
};

extern SharedQueues shared_queues;

}  // namespace lt
