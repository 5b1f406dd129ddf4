// Creating, ending and joining threads.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/compiler.h"
#include "base/error.h"
#include "sched/clock_lwp.h"
#include "sched/thread.h"

namespace lt {

struct CreateRequest {
    void* stack_base = nullptr;  // nullptr: a stack of ours
    std::size_t stack_size = 0;  // 0: the default
    void* (*start)(void*) = nullptr;
    void* argument = nullptr;
    std::uint32_t flags = 0;  // ThreadFlag
    bool suspended = false;
    const std::uint64_t* signal_mask = nullptr;  // nullptr: the creator's
    std::uint32_t* id = nullptr;  // where the caller wants the id, before the thread runs
};

inline constexpr std::size_t kMinStack = 16 * 1024;

// thr_create, arguments checked. Where every thread is bound, adds that flag to the request.
Error create_thread(Thread& self, CreateRequest& request) noexcept;

// Runs the thread's start function; returns when it has returned, or was left by thr_exit,
// pthread_exit or cancellation. self.status holds the exit status.
void run_start_function(Thread& self) noexcept;

// The same for an unbound thread, with less work. Where it was left, arch_landed() goes on, and
// this does not return. Never inlined: stacks show it alike however the library was built.
LT_NOINLINE void run_unbound(Thread& self) noexcept;

// What an ending thread does on its own stack: cleanup is over, destructors run here. Ends the
// process if it was the last thread that is no daemon. The first returns in a critical region, to
// be followed by bury(); what to do with the result of the second, for a thread that is or was
// unbound, see leave_for(). The latter may not return.
void finish_bound(Thread& self) noexcept;
[[nodiscard]] const ArchContext* finish_unbound(Thread& self) noexcept;

// What is done for it once its stack is free: recycling, joined by its heir (dead.run_next, who
// either is `self` or is made runnable), zombie or gone, joiners woken. In a critical region of
// `self`, the running thread.
void bury(Thread& self, Thread& dead) noexcept;

// The end of a bound thread that has the process's leading task to itself: the task stays, asleep,
// for the process would look dead without it. In a critical region.
[[noreturn]] void end_with_leader(Thread& self) noexcept;

// thr_exit. Runs cleanup handlers and destructors of the frames above.
[[noreturn]] void exit_thread(Thread& self, void* status) noexcept;

struct Joined {
    Error error = Error::kNone;
    std::uint32_t id = 0;
    void* status = nullptr;
};

// What a handler that runs in the joiner means: the wait goes on, or ends with kInterrupted.
enum class OnSignal : bool { kGoOn, kEnd };

// `deadline`, of a thread of ours: kTimedOut then.
Joined join_thread(Thread& self, std::uint32_t id, OnSignal on_signal,
                   const Deadline* deadline = nullptr) noexcept;
Joined join_any_thread(Thread& self, OnSignal on_signal) noexcept;

// pthread_detach of one of our threads; kNoSuchThread, kInvalid (is detached).
Error detach_thread(Thread& self, std::uint32_t id) noexcept;

// As thread_of_pthread(), for a thread that may be ending or have ended: until it is joined, its
// control block is looked into only while the thread cannot leave it.
Thread* find_pthread(Thread& self, std::uint64_t pthread_id) noexcept;

// pthread_join of a thread made by others, whether it has ever called the library or not: glibc
// joins it, and what we know of it goes. Returns glibc's error number.
int join_pthread(Thread& self, std::uint64_t pthread_id, void** status) noexcept;

// glibc has joined or detached such a thread: if it has ended, its record goes.
void forget_pthread(Thread& self, std::uint64_t pthread_id) noexcept;

// The thread of ours whose pthread_self() is `pthread_id`; nullptr: a thread made by others, or one
// that has not called the library.
Thread* thread_of_pthread(std::uint64_t pthread_id) noexcept;

// How threads are carried; known from the first thr_create on.
enum class Engine : std::uint32_t { kOff, kMultiplexing, kBound };
// Written once, and published by it: what the engine consists of.
extern Atomic<Engine> engine;

// Starts the M:N machinery before the first thread is made; in a later call does nothing.
Error start_engine(Thread& self) noexcept;

// Whether unbound threads exist; false in the model `bound`.
inline bool is_multiplexing() noexcept
{
    // acquire: pairs with the one store.
    return engine.load(memory_order_acquire) == Engine::kMultiplexing;
}

// Whether start_engine() has nothing to do.
inline bool is_ready_to_create(const Thread& self) noexcept
{
    return LT_LIKELY(is_multiplexing() && !self.has(kFlagBound) && clock_started());
}

// On the initial thread: makes unwinding by thr_exit, pthread_exit or cancellation end in a place
// of ours instead of libc's.
void prepare_initial_exit() noexcept;

// One round of TSD destructors; true: one was called.
bool run_tsd_destructors(Thread& self) noexcept;

}  // namespace lt
