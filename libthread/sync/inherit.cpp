// What the owner of an inheriting mutex gets by it is noted in the mutex, under the sleep queue's
// lock; what a thread inherits in all is the highest of the notes of the mutexes it holds, under
// priority_lock. A waiter raises the note first and the owner afterwards, and an owner that gives
// one mutex up looks at the notes of the others under priority_lock: one of them sees the other.
#include "sync/inherit.h"

#include <sched.h>

#include "os/task.h"
#include "sched/critical.h"
#include "sched/priority.h"
#include "sync/holds.h"
#include "sync/sleep.h"

namespace lt {
namespace {

struct Levels {
    std::uint8_t level = 0;
    std::uint8_t realtime = 0;

    void raise(Levels other)
    {
        level = other.level > level ? other.level : level;
        realtime = other.realtime > realtime ? other.realtime : realtime;
    }
};

Levels note_in(const MutexWords& mutex)
{
    // relaxed: changed under the sleep queue's lock; see above for who reads it elsewhere.
    const std::uint32_t flags = mutex.flags.load(memory_order_relaxed);
    return {static_cast<std::uint8_t>(flags >> kMutexLevelShift),
            static_cast<std::uint8_t>((flags & kMutexRealtime) >> kMutexRealtimeShift)};
}

void write_note(MutexWords& mutex, Levels levels)
{
    const std::uint32_t note = std::uint32_t{levels.level} << kMutexLevelShift |
                               std::uint32_t{levels.realtime} << kMutexRealtimeShift;
    // relaxed: under the queue's lock.
    const std::uint32_t flags = mutex.flags.load(memory_order_relaxed);
    mutex.flags.store((flags & ~(kMutexLevel | kMutexRealtime)) | note, memory_order_relaxed);
}

// What a waiter has to give. Its real-time priority was noted by itself before it slept.
Levels levels_of(const Thread& waiter)
{
    return {waiter.level(), waiter.sleeping_realtime};
}

bool is_realtime(os::KernelPriority priority)
{
    return priority.policy == SCHED_FIFO || priority.policy == SCHED_RR;
}

std::uint32_t task_of(const Thread& thread)
{
    return thread.lwp->tid.load(memory_order_relaxed);  // relaxed: a bound thread's LWP is its own
}

// Its own priority in the kernel, not one that it was lent; 0: not real-time, or not its own.
std::uint8_t own_realtime(Thread& thread)
{
    if (!thread.has(kFlagBound)) {
        return 0;
    }
    const os::KernelPriority now = os::kernel_priority(task_of(thread));
    const SpinGuard guard{priority_lock};
    const Inheritance& inherited = thread.inherited;
    const os::KernelPriority own =
        inherited.own_known ? os::KernelPriority{inherited.own_policy, inherited.own_priority}
                            : now;
    return is_realtime(own) ? static_cast<std::uint8_t>(own.priority) : 0;
}

// What the kernel is to be told of the thread now, if anything.
struct Order {
    bool needed = false;
    std::uint8_t realtime = 0;
    os::KernelPriority priority;
};

Order next_order(Thread& thread)
{
    for (;;) {
        std::uint32_t epoch = 0;
        {
            const SpinGuard guard{priority_lock};
            Inheritance& inherited = thread.inherited;
            if (inherited.realtime == inherited.applied) {
                return {};
            }
            const os::KernelPriority own{inherited.own_policy, inherited.own_priority};
            if (inherited.own_known) {
                const bool raises = inherited.realtime > (is_realtime(own) ? own.priority : 0);
                return {true, inherited.realtime,
                        raises ? os::KernelPriority{SCHED_FIFO, inherited.realtime} : own};
            }
            epoch = inherited.epoch;
        }
        const os::KernelPriority now = os::kernel_priority(task_of(thread));
        const SpinGuard guard{priority_lock};
        // Unless somebody has raised it, or given it back, since it was read.
        if (!thread.inherited.own_known && thread.inherited.epoch == epoch) {
            thread.inherited.own_policy = now.policy;
            thread.inherited.own_priority = now.priority;
            thread.inherited.own_known = true;
        }
    }
}

// The kernel is told what the thread inherits, until that does not change meanwhile. No lock is
// held over the call: who is lowered may lose the processor at once.
bool tell_kernel(Thread& thread)
{
    if (!thread.has(kFlagBound)) {
        return true;
    }
    for (;;) {
        const Order order = next_order(thread);
        if (!order.needed) {
            return true;
        }
        const bool granted = os::set_kernel_priority(task_of(thread), order.priority);
        const SpinGuard guard{priority_lock};
        Inheritance& inherited = thread.inherited;
        inherited.applied = order.realtime;
        if (inherited.realtime == order.realtime) {
            if (order.realtime == 0) {
                inherited.own_known = false;
                ++inherited.epoch;
            }
            return granted;
        }
    }
}

// True: its level has changed.
bool raise_thread(Thread& thread, Levels levels)
{
    const SpinGuard guard{priority_lock};
    Levels all{thread.inherited.level, thread.inherited.realtime};
    all.raise(levels);
    thread.inherited.level = all.level;
    thread.inherited.realtime = all.realtime;
    return update_level(thread);
}

// With the mutex's sleep queue locked: gives the owner what the waiter has. Not nullptr: that was
// news to the owner, who is to be brought to its place.
Thread* raise_owner(MutexWords& mutex, Levels waiter)
{
    const Levels before = note_in(mutex);
    Levels after = before;
    after.raise(waiter);
    if (after.level == before.level && after.realtime == before.realtime) {
        return nullptr;
    }
    write_note(mutex, after);
    Thread* owner = mutex.owner.load(memory_order_relaxed);  // relaxed: under the queue's lock
    raise_thread(*owner, after);
    return owner;
}

// With the queue locked: the mutex is `owner`'s, who gets what the first of those left has.
void make_owner(Thread& owner, SleepQueue& queue, MutexWords& mutex) LT_REQUIRES(queue.lock)
{
    const Thread* first = peek_first(queue, &mutex);
    const Levels levels = first != nullptr ? levels_of(*first) : Levels{};
    write_note(mutex, levels);
    raise_thread(owner, levels);
    // relaxed: under the queue's lock.
    mutex.owner.store(&owner, memory_order_relaxed);
    mutex.word.store(owner.number() | (first != nullptr ? kMutexWaiters : 0),
                     memory_order_relaxed);  // relaxed: as above
}

bool is_free(const MutexWords& mutex)
{
    return (mutex.word.load(memory_order_relaxed) & kMutexOwner) == 0;  // relaxed: locked
}

void add_hold(Hold& hold, void* argument)
{
    if (hold.count != 0) {
        return;  // a readers/writer lock
    }
    auto& levels = *static_cast<Levels*>(argument);
    const auto& mutex = *static_cast<const MutexWords*>(hold.object);
    if ((mutex.type & kTypeProtect) != 0) {
        levels.raise({0, ceiling_of(mutex)});
    }
    if ((mutex.type & (kTypeInherit | kTypeShared)) == kTypeInherit) {
        levels.raise(note_in(mutex));
    }
}

// The owner of the inheriting mutex that the thread sleeps on, if it has something to learn.
Thread* next_in_chain(Thread& thread) LT_NO_TSA
{
    SleepQueue* queue = thread.sleep_queue.load(memory_order_acquire);  // acquire: as take_place()
    if (queue == nullptr) {
        return nullptr;
    }
    const SpinGuard guard{queue->lock};
    // relaxed: exact under the lock for this queue.
    if (thread.ring.load(memory_order_relaxed) != queue || thread.wait_kind != WaitKind::kMutex) {
        return nullptr;
    }
    auto& mutex = *static_cast<MutexWords*>(const_cast<void*>(thread.wait_object));
    if ((mutex.type & kTypeInherit) == 0 || is_free(mutex)) {
        return nullptr;
    }
    return raise_owner(mutex, levels_of(thread));
}

}  // namespace

void pass_on_level(Thread& thread) noexcept
{
    // Who waits in a circle has a deadlock: nothing new comes around. The limit is for levels that
    // change all the while.
    constexpr int kLongestChain = 1024;
    Thread* next = &thread;
    for (int i = 0; next != nullptr && i < kLongestChain; ++i) {
        take_place(*next);
        tell_kernel(*next);
        next = next_in_chain(*next);
    }
}

bool try_acquire_inheriting(Thread& self, MutexWords& mutex) noexcept
{
    SleepQueue& queue = sleep_queue_of(&mutex);
    const SpinGuard guard{queue.lock};
    if (!is_free(mutex)) {
        return false;
    }
    make_owner(self, queue, mutex);
    return true;
}

void acquire_inheriting(Thread& self, MutexWords& mutex) noexcept LT_NO_TSA
{
    if (try_acquire_inheriting(self, mutex)) {
        return;
    }
    WaitSpec spec;
    spec.object = &mutex;
    spec.kind = WaitKind::kMutex;
    self.sleeping_realtime = own_realtime(self);
    for (;;) {
        SleepQueue& queue = sleep_queue_of(&mutex);
        lock_to_sleep(self, queue);
        if (is_free(mutex)) {
            make_owner(self, queue, mutex);
            queue.lock.unlock();
            return;
        }
        if (Thread* owner = raise_owner(mutex, levels_of(self))) {
            queue.lock.unlock();
            pass_on_level(*owner);
            continue;  // it may have given the mutex up meanwhile
        }
        // relaxed: under the queue's lock, as every change of this word.
        mutex.word.store(mutex.word.load(memory_order_relaxed) | kMutexWaiters,
                         memory_order_relaxed);
        if (sleep_on(self, queue, spec) == WakeCause::kWoken) {
            tell_kernel(self);
            return;  // handed over
        }
        // A handler is to be run; then the wait goes on, at its old place.
        spec.flags = kWaitAtFront;
        // relaxed: our own stamp.
        spec.since_ns = self.since_ns.load(memory_order_relaxed);
        leave_critical(self);
        enter_critical(self);
    }
}

void release_inheriting(Thread& self, MutexWords& mutex) noexcept LT_NO_TSA
{
    SleepQueue& queue = sleep_queue_of(&mutex);
    queue.lock.lock();
    Thread* next = take_first(queue, &mutex);
    if (next != nullptr) {
        make_owner(*next, queue, mutex);
    } else {
        write_note(mutex, {});
        // relaxed: the queue's lock orders it. The mutex may be gone afterwards.
        mutex.word.store(0, memory_order_relaxed);
    }
    queue.lock.unlock();
    if (next != nullptr) {
        resume(self, *next, WakeCause::kWoken);
    }
}

Error check_ceiling(Thread& self, const MutexWords& mutex) noexcept
{
    const std::uint8_t own = own_realtime(self);
    if (own == 0) {
        return Error::kPermission;
    }
    return own > ceiling_of(mutex) ? Error::kInvalid : Error::kNone;
}

bool settle_inheritance(Thread& self) noexcept
{
    {
        const SpinGuard guard{priority_lock};
        Levels levels;
        for_each_hold(self, add_hold, &levels);
        self.inherited.level = levels.level;
        self.inherited.realtime = levels.realtime;
        static_cast<void>(update_level(self));  // it runs: no queue is wrong about it
    }
    return tell_kernel(self);
}

}  // namespace lt
