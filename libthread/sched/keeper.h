// The keeper: a kernel task of the library's own that sleeps for as long as the process lives. The
// kernel's list of robust locks hangs on it: a thread of ours changes its kernel task while it
// holds a lock, the keeper does not. Words of process-shared robust mutexes name the keeper as
// their owner; when the process dies or execs, the kernel marks them. See sync/robust_shared.cpp.
#pragma once

#include <cstdint>

#include "base/atomic.h"
#include "base/error.h"

namespace lt {

// What the kernel reads: struct robust_list_head. Written under sync/robust_shared.cpp's lock by
// stores in program order, which the kernel sees in that order (x86-64).
struct KernelRobustList {
    Atomic<std::uintptr_t>
        first;         // a link holds the address of the next; the last, that of `first`
    long word_offset;  // from a link to its lock's word
    Atomic<std::uintptr_t> pending;  // the link of a lock that is being taken or given up
};
extern KernelRobustList robust_list;

// The keeper's kernel id; 0: it does not run yet. Written once before anybody needs it, and by
// fork's child.
extern Atomic<std::uint32_t> keeper_id;

// Once, before the first robust lock is taken; later calls do nothing. May call malloc and sleeps
// until the keeper has announced itself. kLimit or kNoMemory: the caller's operation fails with
// that. `word_offset`: see KernelRobustList.
Error start_keeper(long word_offset) noexcept;

void reset_keeper_after_fork() noexcept;

// In a copy of the process that has a copy of the keeper, with another kernel id. It does not stand
// for any lock there.
void rename_keeper(std::uint32_t id) noexcept;

}  // namespace lt
