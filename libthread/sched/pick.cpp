// Which thread an LWP runs next.
#include "lwp/pool.h"
#include "sched/dispatch.h"
#include "sched/local_queue.h"
#include "sched/run_queue.h"
#include "sched/settings.h"
#include "sched/shared_queues.h"
#include "sched/suspension.h"

namespace lt {
namespace {

// How often an LWP looks at the shared queues although its own has work: keeps both moving.
constexpr std::uint32_t kSharedEvery = 61;
// How often it looks whether other LWPs have much more work than it has.
constexpr std::uint32_t kEvenOutEvery = 512;

// An LWP that always has work steals nothing, and the threads of one with few get far more turns
// than those of one with many: from that one it takes over a part. Threads that have not run yet
// stay with the LWP that made them.
LT_NOINLINE void even_out(Lwp& lwp)
{
    constexpr std::uint32_t kFew = 8;
    constexpr std::uint32_t kMost = 64;
    const std::uint32_t own = lwp.run_queue->size();
    Lwp* busiest = nullptr;
    std::uint32_t most = own + own / 2 + kFew;
    const std::uint32_t limit = pool_members.limit();
    for (std::uint32_t i = 0; i < limit; ++i) {
        Lwp* other = pool_members.at(i);
        if (other != nullptr && other->run_queue->size() > most) {
            busiest = other;
            most = other->run_queue->size();
        }
    }
    if (busiest == nullptr) {
        return;
    }
    const std::uint32_t half = (most - own) / 2;
    for (std::uint32_t count = half < kMost ? half : kMost; count != 0; --count) {
        Thread* thread = busiest->run_queue->begins_unrun() ? nullptr : busiest->run_queue->take();
        if (thread == nullptr) {
            return;
        }
        enqueue_local(lwp, *thread);
    }
}

// The next of the threads of common priority that wait for any LWP. Of many, a share comes along:
// one by one each would cost a lock, and be cold.
Thread* take_share(Lwp& lwp)
{
    constexpr std::uint32_t kMost = 128;
    // relaxed: a hint.
    const std::uint32_t lwps = process.pool_lwps.load(memory_order_relaxed);
    const std::uint32_t share = shared_queues.size() / (lwps + 1);
    Thread* first = shared_queues.take_common(1 + (share < kMost ? share : kMost));
    if (first == nullptr || first->next == nullptr) {
        return first;
    }
    Thread* rest = first->next;
    first->next = nullptr;
    while (rest != nullptr) {
        Thread& thread = *rest;
        rest = thread.next;
        thread.next = nullptr;
        enqueue_local(lwp, thread);
    }
    call_for_help(&lwp);
    return first;
}

Thread* take_with_care(Lwp& lwp)
{
    if (settings.migrate_always) {
        return shared_queues.take(
            0, process.pool_lwps.load(memory_order_relaxed) > 1  // relaxed: a hint
                   ? &lwp
                   : nullptr);
    }
    const std::uint32_t best = shared_queues.best();
    if (LT_UNLIKELY(best > kCommonPriority + 1U)) {
        if (Thread* thread = shared_queues.take(kCommonPriority + 1U)) {
            return thread;
        }
    }
    const std::uint32_t tick = ++lwp.ticks;
    if (LT_UNLIKELY(tick % kEvenOutEvery == 0)) {
        even_out(lwp);
    }
    if (LT_UNLIKELY(best != 0 && tick % kSharedEvery == 0)) {
        if (Thread* thread = shared_queues.take(0)) {
            return thread;
        }
    }
    if (Thread* thread = lwp.run_queue->take()) {
        return thread;
    }
    if (best == kCommonPriority + 1U) {
        return take_share(lwp);
    }
    return best != 0 ? shared_queues.take(0) : nullptr;
}

// Whatever is not common: shared queues, forced migration, suspended threads.
LT_NOINLINE Thread* pick_with_care(Lwp& lwp)
{
    Thread* thread = nullptr;
    do {
        thread = take_with_care(lwp);
    } while (LT_UNLIKELY(thread != nullptr && stop_if_suspended(*thread)));
    return thread;
}

}  // namespace

Thread* pick_next(Lwp& lwp) noexcept
{
    if (LT_UNLIKELY(shared_queues.best() != 0 || settings.migrate_always ||
                    (lwp.ticks + 1) % kEvenOutEvery == 0)) {
        return pick_with_care(lwp);
    }
    ++lwp.ticks;
    Thread* thread = lwp.run_queue->take();
    return LT_LIKELY(thread == nullptr || !stop_if_suspended(*thread)) ? thread
                                                                       : pick_with_care(lwp);
}

}  // namespace lt
