// The machine context of a thread that is not running, and the one way to exchange two of them.
#pragma once

#include <ucontext.h>

#include <cstddef>
#include <cstdint>

#include "arch/x86_64/context_offsets.h"

namespace lt {

// Everything else a stopped thread owns is on its own stack, under `rsp`: r15 r14 r13 r12 rbx rbp
// and the return address, from low to high. lwpinspect relies on it (inspect_abi.h, reg_layout).
struct ArchContext {
    std::uintptr_t rsp;
};

static_assert(offsetof(ArchContext, rsp) == CTX_RSP);
static_assert(sizeof(ArchContext) == CTX_SIZE);

// What a call preserves, and where its caller goes on.
struct SavedRegisters {
    std::uintptr_t r15, r14, r13, r12, rbx, rbp, rip, rsp;
};

// Those of a context that arch_switch has saved.
SavedRegisters switched_registers(const ArchContext& context) noexcept;

// Those of the caller, as its caller will see them if it changes none.
extern "C" void arch_note_registers(SavedRegisters* saved) noexcept;

// Saves the caller's context in *save and resumes *load; returns when somebody resumes *save.
// arch_switch_fs also moves the FS base to `tcb` on the way (FSGSBASE machines).
extern "C" void arch_switch(ArchContext* save, const ArchContext* load) noexcept;
extern "C" void arch_switch_fs(ArchContext* save, const ArchContext* load, void* tcb) noexcept;

// Resumes *load for good; the caller's context is lost.
extern "C" [[noreturn]] void arch_resume(const ArchContext* load) noexcept;

// What runs on a stack of its own. If it returns, the context that it returns is resumed for good.
using ArchEntry = const ArchContext* (*)(void* arg);
// Goes on where a signal handler interrupted the code, with its mask and alternate stack: what a
// return from the handler does. `interrupted` is the context as the kernel has left it there; the
// task need not be the one that was interrupted, only the thread pointer must be the same.
extern "C" [[noreturn]] void arch_return_from_handler(const ucontext_t* interrupted) noexcept;

// Makes a context that calls entry(arg) on the stack whose high end is `stack_hi`. Unwinders stop
// at its first frame.
ArchContext arch_prepare(void* stack_hi, ArchEntry entry, void* arg) noexcept;

// Runs function(arg) on the stack whose high end is `stack_hi` and returns on the caller's.
extern "C" void arch_call_on(void* stack_hi, void (*function)(void*), void* arg) noexcept;

}  // namespace lt
