// A glibc thread control block and TLS block for one unbound thread (design: docs/ARCHITECTURE.md).
//
// Nothing private of glibc is linked to: symbols are looked up at run time, offsets are discovered
// and checked on a real thread, and the result is tested by running code on it.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/error.h"
#include "os/stack_map.h"

namespace lt::os {

// How threads get a TCB. kHand: copied from a template and given TLS by the dynamic linker. kHusk:
// a pthread whose kernel task has ended. kBound: not at all; every thread is one LWP.
enum class TcbModel : std::uint8_t { kHand, kHusk, kBound };

const char* tcb_model_name(TcbModel model) noexcept;

// Discovers what glibc keeps where, makes template and anchors, and tests a TCB by running code on
// it; falls back from `wanted` to the next model until one works. Call once, from any pthread,
// before any other tcb_ call but those on the FS base; makes pthreads and calls malloc. kNoMemory
// or kLimit: there was no room to find out; call again later.
Error tcb_start(TcbModel wanted) noexcept;

// What tcb_start chose; kBound before.
TcbModel tcb_model() noexcept;

// Makes a TCB and TLS block at the top of `slot` with a false thread id of its own, and stores
// slot.tcb and slot.stack_hi. Calls malloc through glibc: not in a critical region.
Error tcb_create(StackSlot& slot) noexcept;

// Frees what glibc allocated for a TCB that no thread uses any more; the slot may be freed then.
// Makes and joins a pthread: not in a critical region, and slow.
void tcb_destroy(StackSlot& slot) noexcept;

// Whether tcb_retire may be used.
bool tcb_can_retire() noexcept;

// Takes TCBs that no thread uses any more out of glibc's list, gives the memory of their slots,
// which are linked by `next`, back to the system, and frees the slots. Makes and joins a pthread
// and calls malloc: on a kernel thread of the library's own, without signals, one at a time, and
// slow. Returns the chain unchanged if it cannot, else nullptr.
StackSlot* tcb_retire(StackSlot* chain) noexcept;

// Whether jump buffers of libc have their words where arch/landing.h says.
bool tcb_can_fill_jump_buffers() noexcept;

// To be called by a thread on its own TCB before it runs user code: what glibc does first in a
// pthread.
void tcb_first_run() noexcept;

// The stack bounds that pthread_getattr_np and forced unwinding see; the caller's own stack may lie
// outside the slot.
void tcb_set_stack(void* tcb, std::uintptr_t lo, std::uintptr_t hi) noexcept;

// --- The end of a thread, in this order, on its own TCB, outside critical regions.

// PTHREAD_CANCEL_DISABLE.
void tcb_forbid_cancellation() noexcept;

// Runs C++ thread_local destructors (glibc's __call_tls_dtors). This and the next two also do right
// by pthreads that glibc made: it will find nothing left to do. Before tcb_start they leave it all
// to it.
void tcb_run_tls_destructors() noexcept;

// One round over the pthread keys, lowest first: takes each value away and gives it to its
// destructor. True if one was called: the caller decides on PTHREAD_DESTRUCTOR_ITERATIONS more.
// Calls `before_destructor`, unless it is nullptr, ahead of each destructor. Does nothing before
// tcb_start.
bool tcb_tsd_round(void (*before_destructor)()) noexcept;

// Whether a round may find a value.
bool tcb_tsd_used() noexcept;

// The next round looks, although a destructor was left by an unwinding in this one.
void tcb_tsd_use() noexcept;

// Robust mutexes still held are marked as left by a dead owner.
void tcb_release_robust() noexcept;

// A pthread_cancel that came after the thread's own reset is forgotten. By whoever frees the TCB.
void tcb_forget_cancellation(void* tcb) noexcept;

// Whether tcb_reset_own may be used; if not, a thread's TCB is destroyed, never used again.
bool tcb_can_reset() noexcept;

// Makes the TCB as good as new: TLS of all modules but libc and libthread back to the initial
// image; errno, locale, thread-specific data and cancellation as at the start. May call malloc when
// modules were loaded since the last time. False: it cannot, and the TCB must be destroyed.
bool tcb_reset_own() noexcept;

// A thread-local variable that tcb_reset_own leaves alone. Needed where libthread shares its TLS
// with the program (a static archive); up to eight, before tcb_start.
void tcb_keep_variable(const void* variable, std::size_t size) noexcept;

// --- fork

// Around fork, in parent and child: this file's locks are held over it. Before stack_map's.
void tcb_before_fork() noexcept;
void tcb_after_fork_parent() noexcept;

// In the child: releases the locks; `tcb` (of the calling thread, if tcb_create made it, else
// nullptr) gets its false id back, over which glibc has written the process id; and all TCBs are
// put back on glibc's list of threads, which it has emptied.
void tcb_after_fork_child(void* tcb) noexcept;

// --- The kernel thread

// FSGSBASE: the FS base can be written by an instruction.
bool can_write_fs_base() noexcept;

// Sets the calling kernel thread's FS base; by system call where the instruction is not enabled.
// The compiler takes the thread pointer for the same all through a function, with whatever it has
// inlined there: what is to run on the new one needs a function that is not inlined.
void set_fs_base(void* tcb) noexcept;

// Takes the calling pthread's rseq area back from the kernel, which would otherwise keep writing
// its CPU there while threads with other TCBs run. On its own TCB, after tcb_start.
void tcb_unregister_rseq() noexcept;

// For a new kernel task that goes on in the place of one that has the area registered.
void tcb_renew_rseq() noexcept;

// Address of `variable` of the thread with `own_tcb` in the TLS block of another one.
inline void* tcb_translate(const void* variable, void* own_tcb, void* other_tcb) noexcept
{
    const auto offset =
        reinterpret_cast<std::intptr_t>(variable) - reinterpret_cast<std::intptr_t>(own_tcb);
    return reinterpret_cast<void*>(reinterpret_cast<std::intptr_t>(other_tcb) + offset);
}

}  // namespace lt::os
