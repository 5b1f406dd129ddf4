#include "sched/shared_queues.h"

#include <bit>

namespace lt {

constinit SharedQueues shared_queues;

void SharedQueues::insert(Thread& thread) noexcept
{
    lists_[thread.effective].push_back(thread);
    bitmap_[thread.effective / 64] |= std::uint64_t{1} << (thread.effective % 64);
    thread.in_shared_queue = true;
}

void SharedQueues::erase(Thread& thread) noexcept
{
    ThreadList& list = lists_[thread.effective];
    list.remove(thread);
    if (list.head() == nullptr) {
        bitmap_[thread.effective / 64] &= ~(std::uint64_t{1} << (thread.effective % 64));
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

void SharedQueues::change_priority(Thread& thread, std::uint8_t priority) noexcept
{
    const SpinGuard guard{lock_};
    if (!thread.in_shared_queue) {
        // Under the lock all the same: a push that comes next must file it where erase() will look.
        thread.effective = priority;
        return;
    }
    erase(thread);
    thread.effective = priority;
    insert(thread);
    // relaxed: as in push().
    best_.store(highest(), memory_order_relaxed);
}

}  // namespace lt
