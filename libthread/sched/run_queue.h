// The runnable threads of one LWP that have the common priority: first in, first out; any LWP may
// take from the front.
//
// A thread that has not run yet may also be taken from the middle, by whoever joins it: claim()
// decides between the joiner and the queue. The entry then stays behind, is told by its mark, and
// is dropped when its turn comes; it may name a record that is another thread's by then, even one
// that has not run yet: that one is simply taken early, and its own entry is the one to be dropped.
// Only claim_newest() takes the entry along.
#pragma once

#include <cstdint>

#include "base/atomic.h"
#include "base/compiler.h"
#include "sched/fetch.h"
#include "sched/thread.h"

namespace lt {

class RunQueue {
  public:
    static constexpr std::uint32_t kCapacity = 8192;

    // The owning LWP only. False: full. With `unrun`, the thread is one that claim() may take.
    [[nodiscard]] bool push(Thread& thread, bool unrun = false) noexcept
    {
        // relaxed: only the owner writes tail_.
        const std::uint32_t tail = tail_.load(memory_order_relaxed);
        // acquire: a slot is written again only after whoever took it has read it.
        if (tail - head_.load(memory_order_acquire) == kCapacity) {
            return false;
        }
        const auto address = reinterpret_cast<std::uintptr_t>(&thread);
        // relaxed: published by the release store of tail_ below.
        slots_[tail % kCapacity].store(unrun ? address | kUnrun : address, memory_order_relaxed);
        // release: a taker that sees the new tail sees the slot and the thread's saved context.
        tail_.store(tail + 1, memory_order_release);
        return true;
    }

    // Any LWP. nullptr: empty.
    [[nodiscard]] Thread* take() noexcept
    {
        for (;;) {
            const std::uintptr_t entry = take_entry();
            auto* thread = reinterpret_cast<Thread*>(entry & ~kUnrun);
            if ((entry & kUnrun) == 0 || claim(*thread)) {
                return thread;
            }
        }
    }

    // Whether the thread was there at some moment of the call, if it was for all of it.
    [[nodiscard]] bool contains(const Thread& thread) const noexcept
    {
        const auto address = reinterpret_cast<std::uintptr_t>(&thread);
        // acquire: as in take_entry().
        const std::uint32_t tail = tail_.load(memory_order_acquire);
        // relaxed: slots that were taken meanwhile are looked at in vain.
        for (std::uint32_t i = head_.load(memory_order_relaxed); is_before(i, tail); ++i) {
            if ((slots_[i % kCapacity].load(memory_order_relaxed) & ~kUnrun) == address) {
                // relaxed: taken since then, or not.
                return static_cast<std::int32_t>(i - head_.load(memory_order_relaxed)) >= 0;
            }
        }
        return false;
    }

    // Anyone. True: the thread was on a run queue and has not run yet; the caller owns it now.
    [[nodiscard]] static bool claim(Thread& thread) noexcept
    {
        // relaxed: spares the locked instruction; the exchange decides. acq_rel: pairs with
        // offer(), so that the winner sees the whole record; what it does to the record comes after
        // its claim.
        return thread.unrun.load(memory_order_relaxed) != 0 &&
               thread.unrun.exchange(0, memory_order_acq_rel) != 0;
    }

    // By the owning LWP: as claim(). The entry does not stay behind if it is the newest: else who
    // takes the oldest entries would find the record's next thread, the youngest, in their place.
    [[nodiscard]] bool claim_newest(Thread& thread) noexcept
    {
        const auto address = reinterpret_cast<std::uintptr_t>(&thread);
        // relaxed, both: the owner's own.
        const std::uint32_t newest = tail_.load(memory_order_relaxed) - 1;
        if (slots_[newest % kCapacity].load(memory_order_relaxed) != (address | kUnrun)) {
            return claim(thread);
        }
        // relaxed: the locked instruction in claim() stands between this and the look at head_. A
        // taker reads head_, then tail_: one that gets as far as this entry after that look finds
        // the queue to end before it.
        tail_.store(newest, memory_order_relaxed);
        const bool won = claim(thread);
        // seq_cst: after the store above, see there.
        if (!won || !is_before(head_.load(memory_order_seq_cst), newest)) {
            // release: as in push(). Somebody may be at the entry, or past it: it stays.
            tail_.store(newest + 1, memory_order_release);
            if (won) {
                drop(newest);
            }
        }
        return won;
    }

    // Whether the thread whose turn is next has not run yet.
    [[nodiscard]] bool begins_unrun() const noexcept
    {
        // relaxed, both: a hint.
        const std::uint32_t head = head_.load(memory_order_relaxed);
        return (slots_[head % kCapacity].load(memory_order_relaxed) & kUnrun) != 0;
    }

    // Ahead of push(thread, true).
    static void offer(Thread& thread) noexcept
    {
        // release: pairs with claim(), which may come before push(): through an entry left behind.
        thread.unrun.store(1, memory_order_release);
    }

    // The number of threads taken so far, modulo 2^32: whether the queue moves.
    [[nodiscard]] std::uint32_t taken() const noexcept
    {
        return head_.load(memory_order_relaxed);  // relaxed: compared with an earlier reading
    }

    // Entries left behind count as well.
    [[nodiscard]] std::uint32_t size() const noexcept
    {
        // relaxed: an estimate; the two reads need not agree.
        const std::uint32_t head = head_.load(memory_order_relaxed);
        const std::uint32_t count = tail_.load(memory_order_relaxed) - head;  // relaxed: see above
        return count <= kCapacity ? count : 0;
    }

  private:
    static constexpr std::uintptr_t kUnrun = 1;  // the mark, in an address that is a multiple of 64
    static constexpr std::uint32_t kCold = 16;   // more threads than this push each other out of L1

    // In a long queue the memory of the next turns is fetched while this one goes on: the record of
    // a thread two turns ahead, its TLS and the frames that its switch left one turn ahead. A hint:
    // others may take the entries meanwhile.
    void fetch_ahead(std::uint32_t first) const noexcept
    {
        // relaxed, both: see above.
        fetch_record(slots_[(first + 1) % kCapacity].load(memory_order_relaxed));
        fetch_state(slots_[first % kCapacity].load(memory_order_relaxed) & ~kUnrun);
    }

    static bool is_before(std::uint32_t a, std::uint32_t b)
    {
        return static_cast<std::int32_t>(a - b) < 0;
    }

    // An entry left behind, if it is next and nobody has done it: it would look like work for
    // others, and the queue as if it stood still.
    void drop(std::uint32_t entry) noexcept
    {
        // acq_rel: as in take_entry(). relaxed: the taker drops it.
        head_.compare_exchange_strong(entry, entry + 1, memory_order_acq_rel, memory_order_relaxed);
    }

    // 0: empty.
    [[nodiscard]] std::uintptr_t take_entry() noexcept
    {
        // acquire: not older than the slot we are about to read.
        std::uint32_t head = head_.load(memory_order_acquire);
        for (;;) {
            // acquire: pairs with the release in push(). Before head: see claim_newest().
            const std::uint32_t tail = tail_.load(memory_order_acquire);
            if (!is_before(head, tail)) {
                return 0;
            }
            // relaxed: the compare-exchange below proves that it was still ours to read.
            const std::uintptr_t entry = slots_[head % kCapacity].load(memory_order_relaxed);
            // acq_rel: the taking ends before the owner's next look at head_; a loser reads anew.
            if (head_.compare_exchange_weak(head, head + 1, memory_order_acq_rel,
                                            memory_order_acquire)) {
                if (LT_UNLIKELY(tail - head > kCold)) {
                    fetch_ahead(head + 1);
                }
                return entry;
            }
        }
    }

    // Advanced by whoever takes; read by all.
    alignas(kCacheLine) Atomic<std::uint32_t> head_{0};
    // Advanced by the owner; read by all.
    alignas(kCacheLine) Atomic<std::uint32_t> tail_{0};
    alignas(kCacheLine) Atomic<std::uintptr_t> slots_[kCapacity] = {};
};

}  // namespace lt
