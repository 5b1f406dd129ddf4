// The registers of a thread that is stopped.
#pragma once

#include <ucontext.h>

#include <cstdint>

#include "base/error.h"
#include "sched/thread.h"

namespace lt {

enum class Registers : std::uint8_t {
    kAll,          // as the thread was interrupted in code of the program
    kNonvolatile,  // it stands in a call of the library: those that calls preserve, and where it is
    kNone,         // it runs
};

struct RegisterState {
    Registers known = Registers::kNone;
    bool is_bound = false;
    std::uintptr_t stack_lo = 0;
    std::uintptr_t stack_hi = 0;
    gregset_t values{};
};

// kNoSuchThread.
Error read_registers(Thread& self, std::uint32_t id, RegisterState& state) noexcept;

// Changes those of a suspended thread. kInvalid: it is not stopped so that they can be changed.
Error write_registers(Thread& self, std::uint32_t id, const gregset_t& values) noexcept;

}  // namespace lt
