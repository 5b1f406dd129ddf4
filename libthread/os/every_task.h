// Questions to every kernel task of the process, answered by a signal handler on it.
//
// One question at a time: whoever asks has begin_asking() behind it, and stays on its LWP. A caller
// in a critical region leaves that between attempts, for the question of another may wait for it.
#pragma once

#include <ucontext.h>

#include <cstdint>

namespace lt::os {

// Who wants to ask, from the first call of begin_asking() on.
struct Asker {
    std::int64_t since = 0;
};

// False: somebody else asks, or waits to, or nobody may; then to be called again. Those that come
// leave the turn to those that wait.
[[nodiscard]] bool begin_asking(Asker& asker) noexcept;
void end_asking() noexcept;

// In the child of fork, where nobody asks.
void forget_asking() noexcept;

// Between these two no other thread begins to ask, and none is asking: the new program of a thread
// in exec would meet the signal. Who has waited for ten seconds asks all the same: handlers on two
// such threads may wait for each other, or one be suspended. In critical regions.
[[nodiscard]] bool try_to_hold_calls_on_every_task() noexcept;  // false: one is asking
void release_calls_on_every_task() noexcept;

// System calls that concern the process, but that the kernel makes for the calling task alone:
// set*id and their kin. Makes the call here and, if it succeeds, on every other task, those
// included that are made meanwhile. Returns 0 or the error number of the first one.
int call_on_every_task(long number, long a, long b = 0, long c = 0) noexcept;

enum class Answer : std::uint32_t {
    kNone,     // not yet: asked, or to be asked
    kClaimed,  // its handler runs; set by the handler, all others by settle() or by the caller
    kDone,
    kLater,  // to be asked anew
    kGone,   // has ended, or the question was taken back
};

// Runs on the task asked, all signals blocked; calls settle() once, with kDone or kLater, and may
// stay afterwards. `task` is a number below kMostTasks.
using Question = void (*)(std::uint32_t task, ucontext_t& interrupted);
void settle(std::uint32_t task, Answer answer) noexcept;

inline constexpr std::uint32_t kMostTasks = 32768;

// Asks every other task until all that there are have said kDone; no task that has not can be
// making another one then. False: not within `patience_ns` (0: as long as it takes), nor will one
// that goes on saying kLater, or they cannot be listed, or are too many; who has not been asked
// will not be, and the rest has settled.
[[nodiscard]] bool ask_every_task(Question question, std::int64_t patience_ns) noexcept;

// On a task that may have said kLater: it is asked again at once.
void ask_own_task() noexcept;

// After that: the tasks, by number, the caller being 0, and their answers.
std::uint32_t asked_tasks() noexcept;
std::uint32_t asked_id(std::uint32_t task) noexcept;
Answer answer_of(std::uint32_t task) noexcept;

}  // namespace lt::os
