// The runnable threads of one LWP that have the common priority: first in, first out; any LWP may
// take from the front.
#pragma once

#include <cstdint>

#include "base/atomic.h"
#include "base/compiler.h"
#include "sched/thread.h"

namespace lt {

class RunQueue {
  public:
    static constexpr std::uint32_t kCapacity = 8192;

    // The owning LWP only. False: full.
    [[nodiscard]] bool push(Thread& thread) noexcept
    {
        // relaxed: only the owner writes tail_.
        const std::uint32_t tail = tail_.load(memory_order_relaxed);
        // acquire: a slot is written again only after whoever took it has read it.
        if (tail - head_.load(memory_order_acquire) == kCapacity) {
            return false;
        }
        // relaxed: published by the release store of tail_ below.
        slots_[tail % kCapacity].store(&thread, memory_order_relaxed);
        // release: a taker that sees the new tail sees the slot and the thread's saved context.
        tail_.store(tail + 1, memory_order_release);
        return true;
    }

    // Any LWP. nullptr: empty, or another taker was quicker.
    [[nodiscard]] Thread* take() noexcept
    {
        // acquire: not older than the slot we are about to read.
        std::uint32_t head = head_.load(memory_order_acquire);
        for (;;) {
            // acquire: pairs with the release in push().
            if (head == tail_.load(memory_order_acquire)) {
                return nullptr;
            }
            // relaxed: the compare-exchange below proves that it was still ours to read.
            Thread* thread = slots_[head % kCapacity].load(memory_order_relaxed);
            // acq_rel: the taking ends before the owner's next look at head_; a loser reads anew.
            if (head_.compare_exchange_weak(head, head + 1, memory_order_acq_rel,
                                            memory_order_acquire)) {
                return thread;
            }
        }
    }

    [[nodiscard]] std::uint32_t size() const noexcept
    {
        // relaxed: an estimate; the two reads need not agree.
        const std::uint32_t head = head_.load(memory_order_relaxed);
        const std::uint32_t count = tail_.load(memory_order_relaxed) - head;  // relaxed: see above
        return count <= kCapacity ? count : 0;
    }

  private:
    // Advanced by whoever takes; read by all.
    alignas(kCacheLine) Atomic<std::uint32_t> head_{0};
    // Advanced by the owner; read by all.
    alignas(kCacheLine) Atomic<std::uint32_t> tail_{0};
    alignas(kCacheLine) Atomic<Thread*> slots_[kCapacity] = {};
};

}  // namespace lt
