// Stacks with their TCB and TLS block, ready for the next thread. [D3]
#pragma once

#include <cstddef>

#include "base/error.h"
#include "os/stack_map.h"

namespace lt {

// A slot with at least `usable` bytes of stack and a TCB as good as new; `fresh` tells whether the
// TCB has never run. May call malloc: not in a critical region. nullptr: `error` says why.
os::StackSlot* take_slot(std::size_t usable, bool& fresh, Error& error) noexcept;

// Keeps the slot of an ended thread, last in first out. `reset` tells whether its TCB was made as
// new; otherwise it is set aside until trim_slots() destroys it. In a critical region.
void keep_slot(os::StackSlot* slot, bool reset) noexcept;

// Destroys slots set aside. May call malloc: not in a critical region.
void trim_slots() noexcept;

}  // namespace lt
