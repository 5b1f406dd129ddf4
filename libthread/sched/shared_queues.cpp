#include "sched/shared_queues.h"

#include <bit>

namespace lt {

constinit SharedQueues shared_queues;

void SharedQueues::insert(Thread& thread) noexcept
{
    const std::uint8_t level = thread.level();
    thread.queued_level = level;
    lists_[level].push_back(thread);
    bitmap_[level / 64] |= std::uint64_t{1} << (level % 64);
    thread.in_shared_queue = true;
}

void SharedQueues::erase(Thread& thread) noexcept
{
    const std::uint8_t level = thread.queued_level;
    ThreadList& list = lists_[level];
    list.remove(thread);
    if (list.head() == nullptr) {
        bitmap_[level / 64] &= ~(std::uint64_t{1} << (level % 64));
    }
    thread.in_shared_queue = false;
}

std::uint32_t SharedQueues::highest() const noexcept
{
    if (bitmap_[1] != 0) {
        return 128U - static_cast<std::uint32_t>(std::countl_zero(bitmap_[1]));
    }
    return 64U - static_cast<std::uint32_t>(std::countl_zero(bitmap_[0]));
}

void SharedQueues::push(Thread& thread) noexcept
{
    const SpinGuard guard{lock_};
    insert(thread);
    // relaxed: hints, see best(); the lock orders the lists.
    count_.store(count_.load(memory_order_relaxed) + 1, memory_order_relaxed);
    best_.store(highest(), memory_order_relaxed);  // relaxed: as above
}

void SharedQueues::push_batch(Thread* const* threads, std::uint32_t count) noexcept
{
    const SpinGuard guard{lock_};
    for (std::uint32_t i = 0; i < count; ++i) {
        insert(*threads[i]);
    }
    // relaxed: as in push().
    count_.store(count_.load(memory_order_relaxed) + count, memory_order_relaxed);
    best_.store(highest(), memory_order_relaxed);  // relaxed: as above
}

Thread* SharedQueues::take(std::uint32_t least, const Lwp* avoid) noexcept
{
    const SpinGuard guard{lock_};
    for (std::uint32_t best = highest(); best > least; --best) {
        Thread* thread = lists_[best - 1].head();
        while (thread != nullptr && avoid != nullptr && thread->lwp == avoid) {
            thread = thread->next;
        }
        if (thread != nullptr) {
            erase(*thread);
            // relaxed: as in push().
            count_.store(count_.load(memory_order_relaxed) - 1, memory_order_relaxed);
            best_.store(highest(), memory_order_relaxed);  // relaxed: as above
            return thread;
        }
    }
    return nullptr;
}

Thread* SharedQueues::take_common(std::uint32_t most) noexcept
{
    const SpinGuard guard{lock_};
    Thread* chain = nullptr;
    Thread** link = &chain;
    std::uint32_t count = 0;
    for (; count < most && lists_[kCommonPriority].head() != nullptr; ++count) {
        Thread& thread = *lists_[kCommonPriority].head();
        erase(thread);
        *link = &thread;
        link = &thread.next;
    }
    // relaxed: as in push().
    count_.store(count_.load(memory_order_relaxed) - count, memory_order_relaxed);
    best_.store(highest(), memory_order_relaxed);  // relaxed: as above
    return chain;
}

void SharedQueues::reset_after_fork() noexcept
{
    for (ThreadList& list : lists_) {
        list = ThreadList{};
    }
    bitmap_[0] = bitmap_[1] = 0;
    best_.store(0, memory_order_relaxed);   // relaxed: nobody else is here
    count_.store(0, memory_order_relaxed);  // relaxed: as above
    lock_.unlock();
}

bool SharedQueues::requeue(Thread& thread) noexcept
{
    const SpinGuard guard{lock_};
    if (!thread.in_shared_queue) {
        return false;
    }
    if (thread.queued_level != thread.level()) {
        erase(thread);
        insert(thread);
        // relaxed: as in push().
        best_.store(highest(), memory_order_relaxed);
    }
    return true;
}

}  // namespace lt
