// One LWP: a kernel task that carries threads.
#pragma once

#include <pthread.h>

#include <csignal>
#include <cstdint>

#include "base/atomic.h"
#include "base/compiler.h"
#include "lwp/parker.h"

namespace lt {

struct Thread;
class RunQueue;
namespace os {
struct StackSlot;
}

// Numbers are published in inspect_fields.def.
enum class LwpState : std::uint32_t {
    kFree = 0,
    kRunning = 1,    // carries a thread
    kSearching = 2,  // on its idle context, looking for work
    kParked = 3,     // on its idle context, asleep until unparked
    kSpare = 4,      // started ahead of need, asleep
    kBound = 5,      // carries one thread for life
    kHelper = 6,     // the library's own clock
};

// What must happen once the context switched away from is saved; run on the next stack. [I3]
struct AfterSwitch {
    void (*action)(void*) = nullptr;
    void* argument = nullptr;
};

// What threads that ended here leave to the next ones: see thread/stack_cache.h.
template <class Entry>
struct Recycled {
    Entry* first = nullptr;
    std::uint32_t count = 0;

    void push(Entry& entry)
    {
        entry.next = first;
        first = &entry;
        ++count;
    }

    // Nullptr: there is none.
    Entry* pop()
    {
        Entry* entry = first;
        if (LT_LIKELY(entry != nullptr)) {
            first = entry->next;
            entry->next = nullptr;
            --count;
        }
        return entry;
    }
};

// Records are type-stable: a stale pointer leads to some LWP, never to foreign memory.
struct alignas(kCacheLine) Lwp {
    std::uint32_t index = 0;

    // Kernel id; 0 while the record is free. Written by the LWP itself at its start and end; read
    // by anyone who wants to signal or watch it.
    Atomic<std::uint32_t> tid{0};

    // Written by the LWP itself, and by whoever takes it out of the idle list or the spares.
    Atomic<LwpState> state{LwpState::kFree};

    // The thread it runs; its own idle thread while it looks for work. Written by the LWP at each
    // switch, read by the monitor and lwpinspect.
    Atomic<Thread*> thread{nullptr};

    Atomic<std::int64_t> since_ns{0};

    // Switches so far: the monitor takes an unchanged value for a lack of progress.
    Atomic<std::uint64_t> dispatches{0};

    AfterSwitch after;              // only the LWP itself
    Thread* previous = nullptr;     // whom the last switch left; only the LWP itself
    Thread* idle = nullptr;         // its idle context; set once
    RunQueue* run_queue = nullptr;  // set once; nullptr for bound LWPs
    // The signal mask and the alternate signal stack that the kernel holds for it.
    std::uint64_t kernel_mask = 0;
    std::uintptr_t kernel_alternate_sp = 0;
    // The last set of signals closed to all threads that its idle context knows of: a number, see
    // thread/mask_census.h. Written by the LWP, read by whoever closes one.
    Atomic<std::uint32_t> closing_seen{0};
    // Wake-ups of a lone thread that this LWP itself ran next, in a row: while it lasts, waking
    // another LWP for such a thread would be for nothing. Written by the LWP, reset by the monitor;
    // relaxed.
    Atomic<std::uint32_t> handoffs{0};
    // What waits in its run queue has waited for long while turns were lent. Set by the monitor,
    // cleared by the LWP; relaxed.
    Atomic<std::uint32_t> turn_overdue{0};
    std::uint32_t lone_yields = 0;       // yields that found nobody else; only the LWP itself
    std::uint64_t creates_since = 0;     // its dispatches when `creates` was 0; only the LWP itself
    std::uint32_t creates = 0;           // threads created since its last switch; the same
    std::int64_t spin_ns = 20'000;       // how long a bound thread spins before it parks; the same
    std::uint32_t spins = 0;             // times it did; the same
    std::uint32_t ticks = 0;             // picks, for looking at the shared queues now and then
    std::uint32_t futile_spins = 0;      // in a row: without work; the same
    std::uint32_t picks_since_look = 0;  // the same, for looking at descriptors and the time
    // Only the LWP itself, in critical regions; they stay with the record.
    static constexpr std::uint32_t kStackClasses = 8;
    Recycled<os::StackSlot> stacks[kStackClasses];  // by size class
    Recycled<Thread> records;                       // without a stack
    Recycled<Thread> whole;                         // with stack and TCB

    // Ids reserved for threads that are made here; the same. See thread/registry.h.
    std::uint32_t next_id = 0;
    std::uint32_t ids_left = 0;
    std::uint32_t ids_taken = 0;

    // Signals that arrived in a critical region: all are blocked until the region is left. Written
    // by handlers on this LWP, read by the same LWP.
    static constexpr std::uint32_t kMaxDeferred = 4;
    Atomic<std::uint32_t> signal_deferred{0};  // how many
    siginfo_t deferred_info[kMaxDeferred]{};

    Parker parker;
    Lwp* next = nullptr;       // in the idle list or the free list, guarded by the pool's lock
    bool listed_idle = false;  // in the idle list; same lock
    pthread_t handle{};
};

}  // namespace lt
