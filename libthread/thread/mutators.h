// Mutators: threads that a garbage collector stops together. Their suspension is apart from that of
// thr_suspend: each is ended by its own counterpart only.
#pragma once

#include <cstdint>

#include "base/error.h"
#include "sched/thread.h"

namespace lt {

// Makes the thread a mutator, or no mutator any more. The caller itself waits while a barrier
// stands or all mutators are suspended. kNoSuchThread; kInvalid: another thread that is not
// suspended.
Error set_mutator(Thread& self, std::uint32_t id, bool is_one) noexcept;

// While it stands, nobody becomes a mutator.
void set_mutators_barrier(Thread& self, bool stands) noexcept;

// kNoSuchThread; kInvalid: no mutator.
Error suspend_mutator(Thread& self, std::uint32_t id) noexcept;
Error continue_mutator(Thread& self, std::uint32_t id) noexcept;

// All but the caller. kInvalid: they are suspended, or not, already.
Error suspend_all_mutators(Thread& self) noexcept;
Error continue_all_mutators(Thread& self) noexcept;

enum class Patience : bool { kNone, kForEver };

// Waits until the mutator is suspended as one. kNoSuchThread; kInvalid: no mutator; kWouldBlock:
// not suspended, and no patience.
Error await_mutator(Thread& self, std::uint32_t id, Patience patience) noexcept;

// In the child of fork, where nobody is suspended.
void forget_mutators_after_fork() noexcept;

}  // namespace lt
