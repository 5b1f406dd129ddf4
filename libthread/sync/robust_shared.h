// Process-shared robust mutexes (LOCK_ROBUST, USYNC_PROCESS_ROBUST): who dies with one lets the
// next locker know. The protocol is argued in the source and in docs/ARCHITECTURE.md.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/error.h"
#include "sched/thread.h"
#include "sync/object_layout.h"

namespace lt {

bool owns_robust_shared(const Thread& self, const MutexWords& mutex) noexcept;

// kOwnerDead, kUnmapped: taken all the same, to be made consistent. kNotRecoverable: not taken.
// kNoMemory; the try form also kBusy.
Error lock_robust_shared(Thread& self, MutexWords& mutex) noexcept;
Error try_lock_robust_shared(Thread& self, MutexWords& mutex) noexcept;

// By the owner. An inconsistent mutex becomes unrecoverable.
void unlock_robust_shared(Thread& self, MutexWords& mutex) noexcept;

// The owner ends, or unmaps the memory: the next locker gets kOwnerDead (kUnmapped).
struct Hold;
void abandon_robust_shared(Hold& hold) noexcept;
void forget_robust_shared(Hold& hold) noexcept;  // its memory is gone
void abandon_robust_in(const void* start, std::size_t size) noexcept;

// Whether the process holds any: a hint, exact for what the caller itself has done.
bool holds_robust_shared() noexcept;

// Held over a fork; in the child the parent's holds are forgotten.
void lock_robust_list() noexcept;
void unlock_robust_list() noexcept;
void forget_robust_after_fork() noexcept;

// Likewise in a copy of the process with all its threads, where the keeper has that id (0: there is
// none).
void rename_robust_owner(std::uint32_t keeper) noexcept;

}  // namespace lt
