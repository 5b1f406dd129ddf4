// Which threads there are: ids to records, who has ended, who waits to join.
#pragma once

#include <cstdint>

#include "sched/thread.h"
#include "thread/life_lock.h"

namespace lt {

// Gives the thread a new id and enters it in the table and the census. Ids rise from 1 (the initial
// thread), one by one until an LWP has made many; then it takes them by the block. They are reused
// only after 2^30. In a critical region on that LWP, of the creator's if there is one.
void register_thread(Thread* creator, Lwp& lwp, Thread& thread) noexcept LT_EXCLUDES(life_lock);
void unregister_thread(Thread& thread) noexcept LT_REQUIRES(life_lock);

// nullptr: no thread of that id; ended but not joined threads are found.
Thread* find_thread(std::uint32_t id) noexcept LT_REQUIRES(life_lock);

// The zombie that a join of any thread takes next: one that no joiner waits for. All shards.
Thread* first_free_zombie() noexcept LT_REQUIRES(life_lock);
// The zombie that was a pthread by itself, whose pthread_self() was `pthread_id`: glibc's control
// block of it may be gone. nullptr: none. All shards.
enum class MadeBy : std::uint8_t { kLibrary, kOthers };
Thread* zombie_of_pthread(std::uint64_t pthread_id, MadeBy maker) noexcept LT_REQUIRES(life_lock);
// Whether a zombie waits for a joiner that has been woken and has not run yet. All shards.
bool joiner_on_its_way() noexcept LT_REQUIRES(life_lock);
void add_zombie(Thread& thread) noexcept LT_REQUIRES(life_lock);
void remove_zombie(Thread& thread) noexcept LT_REQUIRES(life_lock);

// What joiners of any thread sleep on; only its address means something.
extern const char any_join_event;

struct Leave {
    bool last;     // of those that keep the process alive
    bool awaited;  // by a joiner
};

// A thread ends, and is to be buried, or was not made after all. In a critical region.
Leave leave_census(Thread& thread, bool to_be_buried) noexcept LT_EXCLUDES(life_lock);

// The same under its shard, for a thread of ours that is no daemon and not to be buried. False: it
// would leave a set empty where that has its anchor.
bool leave_census_to_others(LifeShard& shard, Thread& thread) noexcept LT_REQUIRES(life_lock);

// The thread runs no more: its stack is for the next. `self` is the running thread, in a critical
// region. Takes the stack cache's lock.
void give_back_slot(Thread& self, Thread& thread) noexcept;

// Gives the record and the stack of a thread back that is not registered any more. As above, in no
// lock.
void recycle_thread(Thread& self, Thread& thread) noexcept;

// Both for one that was joined, is detached or failed.
inline void free_thread(Thread& self, Thread& thread) noexcept LT_REQUIRES(life_lock)
{
    unregister_thread(thread);
    recycle_thread(self, thread);
}

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
