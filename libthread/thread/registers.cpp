#include "thread/registers.h"

#include <cstring>

#include "arch/user_context.h"
#include "os/syscall.h"
#include "sched/critical.h"
#include "sched/suspension.h"
#include "thread/registry.h"

namespace lt {
namespace {

// Where a thread that does not run left its registers. Filled by itself a moment after its state
// says so; the state of a suspended thread does not change but by the caller's leave.
enum class Place : std::uint8_t { kNowhere, kNotYet, kHandler, kStack };

Place place_of(const Thread& thread)
{
    // acquire: what the thread stored before it stopped is visible.
    if (!is_suspended(thread) || thread.state.load(memory_order_acquire) == ThreadState::kRunning) {
        return Place::kNowhere;
    }
    if (thread.stop_machine != nullptr) {
        return Place::kHandler;
    }
    if (thread.has(kFlagBound)) {
        // acquire: as above.
        return thread.parked_at.load(memory_order_acquire) != nullptr ? Place::kStack
                                                                      : Place::kNotYet;
    }
    // acquire: even: the context is saved.
    return thread.seq.load(memory_order_acquire) % 2 == 0 ? Place::kStack : Place::kNotYet;
}

SavedRegisters saved_by(const Thread& thread)
{
    // relaxed: place_of() has looked.
    return thread.has(kFlagBound) ? *thread.parked_at.load(memory_order_relaxed)
                                  : switched_registers(thread.context);
}

// Looks until the thread has left its registers somewhere, or runs: for a few instructions.
template <class Act>
Error when_settled(Thread& self, std::uint32_t id, Act act)
{
    for (;;) {
        {
            const CriticalRegion region{self};
            const LifeGuard guard{id};
            Thread* thread = find_thread(id);
            if (!is_live(thread)) {
                return Error::kNoSuchThread;
            }
            const Place place = thread == &self ? Place::kNowhere : place_of(*thread);
            if (place != Place::kNotYet) {
                return act(*thread, place);
            }
        }
        os::raw_syscall(SYS_sched_yield);
    }
}

}  // namespace

Error read_registers(Thread& self, std::uint32_t id, RegisterState& state) noexcept
{
    return when_settled(self, id, [&state](Thread& thread, Place place) {
        state.is_bound = thread.has(kFlagBound);
        state.stack_lo = thread.stack_lo;
        state.stack_hi = thread.stack_hi;
        if (place == Place::kHandler) {
            state.known = Registers::kAll;
            const auto& machine = *static_cast<const ucontext_t*>(thread.stop_machine);
            std::memcpy(state.values, machine.uc_mcontext.gregs, sizeof(state.values));
        } else if (place == Place::kStack) {
            state.known = Registers::kNonvolatile;
            arch::to_gregset(saved_by(thread), state.values);
        }
        return Error::kNone;
    });
}

Error write_registers(Thread& self, std::uint32_t id, const gregset_t& values) noexcept
{
    return when_settled(self, id, [&values](Thread& thread, Place place) {
        // A thread in a call of the library is not moved out of it.
        if (place != Place::kHandler) {
            return Error::kInvalid;
        }
        auto& machine = *static_cast<ucontext_t*>(thread.stop_machine);
        std::memcpy(machine.uc_mcontext.gregs, values, sizeof(values));
        return Error::kNone;
    });
}

}  // namespace lt
