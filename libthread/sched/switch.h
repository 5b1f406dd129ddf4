// The context switch: the only caller of arch_switch.
#pragma once

#include "lwp/lwp.h"
#include "sched/thread.h"

namespace lt {

// Leaves `self`, the running thread, for `next`, which the caller owns and whose context is saved.
// Runs `after` on next's stack once self's context is saved [I3]; until then nobody may be told of
// `self`. Returns when somebody switches back, perhaps on another LWP [I6]. In a critical region.
void switch_to(Thread& self, Thread& next, AfterSwitch after) noexcept;

// The same for a thread that has come to its end: the caller returns the result from the function
// that its stack began with, or passes it to arch_resume(), and does nothing else in between.
[[nodiscard]] const ArchContext* leave_for(Thread& self, Thread& next, AfterSwitch after) noexcept;

// What a thread does first when it is resumed, or started.
void finish_switch(Thread& self) noexcept;

// Signals that no thread has open. An LWP on its idle context has these closed too, lest the kernel
// end the process by one of them there. Written under the registry's lock, see
// thread/mask_census.h.
extern Atomic<std::uint64_t> closed_signals;

// Gives the calling LWP the kernel's mask and alternate stack of the thread that it runs.
LT_NOINLINE void load_signal_state(Thread& self, Lwp& lwp) noexcept;

// Whether switches can set the FS base by an instruction; set once, before the first switch.
void use_fs_base_instruction(bool usable) noexcept;

}  // namespace lt
