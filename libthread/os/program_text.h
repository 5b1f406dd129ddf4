// Where the instructions of the program itself lie: those of the executable, of no library.
#pragma once

#include <cstdint>

namespace lt::os {

// Once, at start-up. Finds none where the executable has a malloc of its own: a thread in it may
// hold what the library needs to make an LWP.
void find_program_text() noexcept;

// Whether the instruction is the program's. False for all until find_program_text() was called.
bool in_program_text(std::uintptr_t instruction) noexcept;

}  // namespace lt::os
