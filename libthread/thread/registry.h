// Which threads there are: ids to records, who has ended, who waits to join.
#pragma once

#include <cstdint>

#include "os/spinlock.h"
#include "sched/thread.h"

namespace lt {

// Guards the id table, the zombie list, `joiners` and kFlagDetached of every thread, and the counts
// of threads and joiners. Ranks above sleep queues and run queues. Taken in a critical region.
extern SpinLock life_lock;

// A new id, entered in the table; ids rise from 1 (the initial thread) and are reused only after
// 2^30.
void register_thread(Thread& thread) noexcept LT_REQUIRES(life_lock);
void unregister_thread(Thread& thread) noexcept LT_REQUIRES(life_lock);

// nullptr: no thread of that id; ended but not joined threads are found.
Thread* find_thread(std::uint32_t id) noexcept LT_REQUIRES(life_lock);

// The zombie that a join of any thread takes next: one that no joiner waits for.
Thread* first_free_zombie() noexcept LT_REQUIRES(life_lock);
// The zombie that was a pthread by itself, whose pthread_self() was `pthread_id`: glibc's control
// block of it may be gone. nullptr: none.
enum class MadeBy : std::uint8_t { kLibrary, kOthers };
Thread* zombie_of_pthread(std::uint64_t pthread_id, MadeBy maker) noexcept LT_REQUIRES(life_lock);
// Whether a zombie waits for a joiner that has been woken and has not run yet.
bool joiner_on_its_way() noexcept LT_REQUIRES(life_lock);
void add_zombie(Thread& thread) noexcept LT_REQUIRES(life_lock);
void remove_zombie(Thread& thread) noexcept LT_REQUIRES(life_lock);

// What joiners of any thread sleep on; only its address means something.
extern const char any_join_event;

struct Census {
    // Alive, adopted threads included. Changed under the lock; an ending thread looks without it.
    Atomic<std::uint32_t> non_daemons{0};
    std::uint32_t foreign = 0;  // of those, made by pthread_create
    // Of the non-daemons, asleep in thr_join: until they have woken, or what they wait for was
    // joined for them.
    std::uint32_t blocked_joiners = 0;
    std::uint32_t any_joiners = 0;  // asleep in thr_join(0, ...)
    std::uint32_t deadlocks = 0;    // times that only joiners were left: ends the sleep of all
    std::uint32_t ending = 0;       // left non_daemons, not buried yet; without foreign ones
};
extern Census census;

// A thread ends, or was not made after all; true: it was the last that keeps the process alive.
bool census_remove(Thread& thread) noexcept LT_REQUIRES(life_lock);

// The thread runs no more: its stack is for the next. `self` is the running thread, in a critical
// region. Takes the stack cache's lock.
void give_back_slot(Thread& self, Thread& thread) noexcept LT_REQUIRES(life_lock);

// Gives the record of a joined, detached or failed thread back, and its stack. As above.
void free_thread(Thread& self, Thread& thread) noexcept LT_REQUIRES(life_lock);

// In the child of fork: every thread but the caller is gone.
void forget_other_threads(Thread& self) noexcept LT_NO_TSA;

// The threads that the process lives for, as far as they are ours.
inline bool counts_in_census(const Thread& thread)
{
    return !thread.has(kFlagDaemon) && !thread.has(kFlagForeign);
}

// The live thread with that id, or kNoSuchThread; for operations that act under the life lock.
inline bool is_live(const Thread* thread)
{
    // relaxed: changes to and from zombie happen under the life lock.
    return thread != nullptr && thread->state.load(memory_order_relaxed) != ThreadState::kZombie;
}

}  // namespace lt
