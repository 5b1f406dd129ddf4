// The locks of the dynamic linker, which name their owner by its kernel id.
#pragma once

#include <cstdint>

namespace lt::os {

// Finds them; once, before the first of the calls below. May take one of them.
void find_loader_locks() noexcept;

// Whether the instruction is of glibc's code that takes and releases mutexes: who is interrupted
// there may have read its id, and not stored it yet.
bool is_mutex_code(std::uintptr_t instruction) noexcept;

// In a copy of the process, whose tasks have other ids: the locks that are held get their owner's
// new one, by `new_id` (0: the id is the same).
void rename_loader_lock_owners(std::uint32_t (*new_id)(std::uint32_t)) noexcept;

}  // namespace lt::os
