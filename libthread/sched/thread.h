// The thread control block: what the scheduler and lwpinspect know of a thread.
//
// Records live in slabs apart from the stacks and are type-stable [I9]: a stale pointer leads to
// some record, whose id tells whether it is still the one meant.
#pragma once

#include <cstdint>

#include "arch/context.h"
#include "base/atomic.h"
#include "base/compiler.h"
#include "base/deadline.h"
#include "os/spinlock.h"
#include "sched/inheritance.h"
#include "sched/process.h"
#include "sched/processor_use.h"
#include "sched/request.h"
#include "sched/thread_state.h"
#include "sched/wait_kind.h"

namespace lt {

struct Lwp;
struct PendingSignal;
struct Thread;
class SleepQueue;

inline constexpr int kMaxPriority = 127;
inline constexpr std::uint32_t kMaxThreadId = 0x3fffffff;

// In the order of use: a switch touches the first two cache lines, going to sleep the third, for an
// object the fourth, with a deadline the fifth; and with thousands of threads each line is a miss.
struct alignas(kCacheLine) Thread {
    // --- The switch: owned by whoever owns the stack [I2].
    ArchContext context{};
    void* tcb = nullptr;  // FS base of its TLS block
    Lwp* lwp = nullptr;   // its carrier while it runs, the last one otherwise [I6]
    // Even: parked, `context` valid. Odd: running or being switched. Written by the switching LWP,
    // read by lwpinspect from outside.
    Atomic<std::uint64_t> seq{1};
    // The mask is the thread's own, and so is the alternate stack (sp 0: none), which the LWP's
    // kernel state follows at a switch.
    Relaxed<std::uint64_t> signal_mask;
    // Depth of critical regions. Written by the thread itself, read by signal handlers on it.
    Atomic<std::uint32_t> critical{0};
    // Request bits: what is to be done when the last critical region is left. Changed by anyone,
    // bit by bit, read by the thread and by whoever would make it run.
    Atomic<std::uint32_t> requests{0};
    // Written by the owner as the state says; read by lwpinspect and by look-ups.
    Atomic<ThreadState> state{ThreadState::kFree};
    // As made; kFlagDetached may be added later, under the join lock.
    Atomic<std::uint32_t> flags{0};
    std::uint32_t mxcsr = 0;
    std::uint16_t x87_control = 0;
    // What orders it: its priority, or one that it inherits. Written under priority_lock; read by
    // whoever queues the thread.
    Atomic<std::uint8_t> effective{0};
    std::uint8_t priority = 0;  // as set by thr_setprio; guarded by priority_lock

    std::uint64_t switches = 0;
    std::uintptr_t alternate_sp = 0;
    ProcessorUse processor;  // its own
    std::uintptr_t stack_lo = 0;
    std::uintptr_t stack_hi = 0;
    // Whom to run when it falls asleep, owned by it; nullptr: whose turn it is. Its own.
    Thread* run_next = nullptr;
    Atomic<std::uint32_t> id{0};  // 0: free record or idle context
    // 1: on the run queue of an LWP for its first run, free to be claimed; see sched/run_queue.h.
    Atomic<std::uint32_t> unrun{0};

    // --- Queues: owned by the run queue or the sleep queue that the thread is on [I1].
    Thread* next = nullptr;
    Thread* prev = nullptr;
    Thread* queue_chain = nullptr;  // sleep queue: first sleeper of the next object there
    // The sleep queue it is on. Written under that queue's lock; others read it, lock the queue and
    // read it again.
    Atomic<SleepQueue*> sleep_queue{nullptr};
    // The sleep queue in whose rings it really is: set and cleared under that queue's lock, so
    // under it "here or not" is exact.
    Atomic<SleepQueue*> ring{nullptr};
    const void* wait_object = nullptr;
    WaitKind wait_kind = WaitKind::kNone;
    std::uint32_t wait_flags = 0;  // kWait* of sync/sleep_queue.h
    WakeCause wake_cause = WakeCause::kWoken;
    Atomic<std::uint32_t> cancel_requested{0};  // see sync/cancellation.h
    Atomic<std::int64_t> since_ns{0};
    void* wait_mutex = nullptr;     // cond_wait: the mutex a broadcast may move it to
    std::uint64_t wait_token = 0;   // free use by the object waited for
    std::uint32_t wait_target = 0;  // join: the id waited for
    std::uint32_t barged = 0;       // releases of a mutex another was woken for; its own
    std::uint16_t sleep_rank = 0;   // what orders it there; guarded by that lock
    bool in_shared_queue = false;   // guarded by the lock of sched/shared_queues.h
    std::uint8_t queued_level = 0;  // its list there; the same lock
    // Runs in its joiner's turn, who sleeps until it ends. Written by the joiner before it runs.
    bool lent_turn = false;
    bool exiting = false;  // thr_exit or pthread_exit set `status`; its own
    bool leaving = false;  // no signal of the process goes to it; guarded by the life lock
    // It has called pthread_self(): until it is joined, others may name its control block to
    // pthread_cancel and the like. Its own.
    bool pthread_named = false;
    std::uint8_t sleeping_realtime = 0;  // its own in the kernel when it last slept on a mutex
    ProcessorMeter meter;                // its own

    // --- Timeouts: guarded by the lock of sched/timeouts.cpp.
    // In a heap. Set by the thread, cleared by it or by the clock LWP, under the lock.
    alignas(kCacheLine) Atomic<bool> deadline_armed{false};
    Clock deadline_clock = Clock::kMonotonic;
    // Handlers of the program that ran on it, and those of them installed without SA_RESTART: a
    // call that parks compares them to tell whether it is to end with EINTR. Its own.
    std::uint32_t handlers_run = 0;
    std::uint32_t handlers_ending_calls = 0;
    std::int64_t deadline_ns = 0;
    // Number of its latest wait with a deadline; goes up when such a wait ends. Its own while it
    // runs, read under the queue's lock while it sleeps.
    std::uint64_t timed_wait = 0;
    Thread* heap_child = nullptr;
    Thread* heap_next = nullptr;
    Thread* heap_prev = nullptr;

    // --- Identity and life. Written before the thread is published, then only as noted.
    void* (*start)(void*) = nullptr;
    void* argument = nullptr;
    void* status = nullptr;        // by the ending thread; read by the joiner
    void* slot = nullptr;          // os::StackSlot of stack and TCB; nullptr: none of ours
    Thread* hash_next = nullptr;   // in the registry
    std::uint64_t pthread_id = 0;  // pthread_self() of the thread
    void* holds = nullptr;         // locks it must account for; sync/holds.cpp
    void* own_values = nullptr;    // TSD beyond the pthread keys; thread/keys.cpp
    std::uint32_t joiners = 0;     // guarded by the join lock
    std::uint32_t creator = 0;
    std::int32_t vfork_parent = 0;  // its process when it last called vfork; see kFlagVfork
    char name[32] = {};

    // --- Signals.
    SpinLock signal_lock;  // guards `pending` and `pending_last`; leaf
    PendingSignal* pending = nullptr;
    PendingSignal* pending_last = nullptr;
    // Their numbers. Changed under the lock, read by anyone.
    Atomic<std::uint64_t> signals_pending{0};
    // The set that it waits for in sigwait and its kin. Written by itself, read by senders.
    Atomic<std::uint64_t> awaited{0};
    // As which it is counted, see thread/mask_census.h; guarded by the life lock.
    std::uint64_t counted_mask = 0;
    std::uint8_t counted_class = 0;
    // The frame of the outermost handler of the program on it, on its own stack; 0: none. One that
    // was left by an exception stays noted. Its own.
    std::uintptr_t handler_frame = 0;
    std::size_t alternate_size = 0;

    Inheritance inherited;
    // Where its registers are while it is stopped: in a handler (ucontext_t), and see
    // ParkedRegisters. Its own while it runs.
    void* stop_machine = nullptr;
    Atomic<const SavedRegisters*> parked_at{nullptr};

    // --- For a debugger: the events it wants, by it; the last one, by the thread, taken by it.
    Atomic<std::uint32_t> debug_events{0};
    Atomic<std::uint32_t> debug_event{0};
    Atomic<std::uint32_t> debug_data{0};

    [[nodiscard]] std::uint32_t number() const
    {
        // relaxed: fixed while the thread lives; whoever looks at an ended one holds the life lock.
        return id.load(memory_order_relaxed);
    }

    [[nodiscard]] std::uint8_t level() const
    {
        // relaxed: who changes it looks afterwards for the queue in which it may stand wrong.
        return effective.load(memory_order_relaxed);
    }

    [[nodiscard]] bool has(std::uint32_t any) const
    {
        // relaxed: flags that change (detached) are read under the join lock where it matters.
        return (flags.load(memory_order_relaxed) & any) != 0;
    }
};

// The running thread; nullptr in a kernel thread that has never called the library. Lives in the
// thread's own TLS block, so it stays right wherever the thread runs.
extern LT_TLS Thread* current_thread;

// Whether the thread shares LWPs with others.
inline bool is_multiplexed(const Thread& thread)
{
    return !thread.has(kFlagBound | kFlagIdle);
}

// Makes the calling kernel thread known: the initial thread as unbound, any other as bound.
LT_NOINLINE Thread& adopt_current() noexcept;

// The running thread, adopted if need be.
inline Thread& current()
{
    Thread* self = current_thread;
    return LT_LIKELY(self != nullptr) ? *self : adopt_current();
}

}  // namespace lt
