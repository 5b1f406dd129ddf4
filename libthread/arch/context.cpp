#include "arch/context.h"

#include <cstring>

extern "C" const char arch_thread_start[];

namespace lt {

ArchContext arch_prepare(void* stack_hi, ArchEntry entry, void* arg) noexcept
{
    // What RESUME_CONTEXT of switch.S pops, low to high.
    struct Frame {
        std::uintptr_t r15, r14, r13, r12, rbx, rbp, rip;
        std::uintptr_t walker_stop[2];
    };
    // The stack pointer after the frame was popped is aligned as at a call instruction.
    const auto top = (reinterpret_cast<std::uintptr_t>(stack_hi) & ~std::uintptr_t{15}) - 16;
    auto* frame = reinterpret_cast<Frame*>(top - offsetof(Frame, walker_stop));
    *frame = Frame{};
    frame->r12 = reinterpret_cast<std::uintptr_t>(arg);
    frame->r13 = reinterpret_cast<std::uintptr_t>(entry);
    frame->rip = reinterpret_cast<std::uintptr_t>(arch_thread_start) + 1;  // past the nop
    return ArchContext{reinterpret_cast<std::uintptr_t>(frame)};
}

SavedRegisters switched_registers(const ArchContext& context) noexcept
{
    SavedRegisters saved{};
    constexpr std::size_t kOnStack = offsetof(SavedRegisters, rsp);
    std::memcpy(&saved, reinterpret_cast<const void*>(context.rsp), kOnStack);
    saved.rsp = context.rsp + kOnStack;
    return saved;
}

}  // namespace lt
