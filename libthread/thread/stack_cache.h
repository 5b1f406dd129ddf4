// What ended threads leave to the next ones: stacks with their TCB and TLS block, and records. [D3]
//
// Each LWP keeps a few for itself, which takes no lock; the rest is common.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/error.h"
#include "lwp/lwp.h"
#include "os/stack_map.h"
#include "sched/thread.h"

namespace lt {

// How many of each kind an LWP keeps: records with their stack in one piece, stacks, records.
inline constexpr std::uint32_t kMostKept = 48;

// A record with a stack of the default size and a TCB as good as new, all as the last thread has
// left it; nullptr: none is kept here. In a critical region of `self`, the running thread; as all
// that follow, but where they say otherwise.
inline Thread* take_whole(Thread& self) noexcept
{
    return self.lwp->whole.pop();
}

// Takes it back. False: enough are kept; record and slot go their own ways.
inline bool keep_whole(Thread& self, Thread& record) noexcept
{
    Recycled<Thread>& own = self.lwp->whole;
    if (LT_UNLIKELY(own.count == kMostKept)) {
        return false;
    }
    own.push(record);
    return true;
}

// A slot with at least `usable` bytes of stack and a TCB as good as new; nullptr: none is kept.
os::StackSlot* take_slot(Thread& self, std::size_t usable) noexcept;

// A new one. Calls malloc: not in a critical region. nullptr: `error` says why.
os::StackSlot* make_slot(std::size_t usable, Error& error) noexcept;

// Keeps the slot of an ended thread, last in first out. `reset` tells whether its TCB was made as
// new; otherwise it is set aside until trim_slots() destroys it.
void keep_slot(Thread& self, os::StackSlot* slot, bool reset) noexcept;

// Destroys slots set aside. May call malloc: not in a critical region.
void trim_slots() noexcept;

// A free record, with what the last thread left in it; nullptr: out of memory.
Thread* take_record(Thread& self) noexcept;

// Takes it back.
void keep_record(Thread& self, Thread& record) noexcept;

// Stacks that nobody needed since the last call, beyond a reserve, are surplus; kPerhaps: not yet.
// These on LWPs of the library's own.
enum class Surplus : std::uint8_t { kNone, kPerhaps, kNow };
bool may_have_surplus() noexcept;
Surplus note_surplus() noexcept;

// Takes up to so many of them, linked; nullptr: there are none.
os::StackSlot* take_surplus(std::uint32_t most) noexcept;
void return_surplus(os::StackSlot* chain) noexcept;

// At the end of an LWP: what it kept is for all.
void share_recycled(Lwp& lwp) noexcept;

// In the child of fork, for an LWP that does not exist there: its own ones are lost.
void forget_recycled(Lwp& lwp) noexcept;

}  // namespace lt
