// Fetches into the cache what the switch to a thread touches. Records are type-stable [I9], so
// their addresses may be out of date.
#pragma once

#include <cstdint>

#include "arch/cpu.h"
#include "base/compiler.h"
#include "os/tcb.h"
#include "sched/thread.h"

namespace lt {

LT_INLINE void fetch_record(std::uintptr_t record)
{
    arch::prefetch(record);
    arch::prefetch(record + kCacheLine);
}

// The frames that its switch left, and its TLS; of a record that has been fetched.
LT_INLINE void fetch_state(std::uintptr_t record)
{
    constexpr std::uintptr_t kFrameLines = 5;
    const auto* thread = reinterpret_cast<const Thread*>(record);
    // relaxed: a hint.
    const std::uintptr_t frame = __atomic_load_n(&thread->context.rsp, __ATOMIC_RELAXED);
    for (std::uintptr_t line = 0; line < kFrameLines; ++line) {
        arch::prefetch(frame + line * kCacheLine);
    }
    void* tcb = __atomic_load_n(&thread->tcb, __ATOMIC_RELAXED);  // relaxed: as above
    arch::prefetch(reinterpret_cast<std::uintptr_t>(
        os::tcb_translate(&current_thread, arch::thread_pointer(), tcb)));
}

}  // namespace lt
