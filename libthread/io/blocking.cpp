#include "io/blocking.h"

#include <fcntl.h>

#include "io/epoll_set.h"
#include "io/poller.h"
#include "os/syscall.h"

namespace lt::io {
namespace {

// Raised whenever something becomes unknown. Never 0, which an entry has that knows nothing.
constinit Atomic<std::uint32_t> generation{1};

}  // namespace

bool is_known_to_block(const FdEntry& entry) noexcept
{
    // relaxed, both: who sets the flag and who reads are ordered by the program, if at all.
    return entry.blocking_seen.load(memory_order_relaxed) == generation.load(memory_order_relaxed);
}

bool is_nonblocking(const Call& call) noexcept
{
    if (call.entry != nullptr && is_known_to_block(*call.entry)) {
        return false;
    }
    const long flags = os::raw_syscall(SYS_fcntl, call.fd, F_GETFL);
    return flags < 0 || (flags & O_NONBLOCK) != 0;
}

void note_copy(int fd) noexcept
{
    FdEntry* entry = entry_if_known(fd);
    if (entry != nullptr && owns_descriptors()) {
        note_fresh(*entry);
    }
}

void note_socket(int fd, bool blocks) noexcept
{
    FdEntry* entry = owns_descriptors() ? entry_of(fd) : nullptr;
    if (entry == nullptr) {
        return;
    }
    note_fresh(*entry);
    entry->kind.store(FdKind::kSocket, memory_order_relaxed);  // relaxed: a belief
    if (blocks) {
        // relaxed, both: see is_known_to_block().
        entry->blocking_seen.store(generation.load(memory_order_relaxed), memory_order_relaxed);
    }
}

void note_flags_unknown() noexcept
{
    // relaxed: see is_known_to_block().
    if (generation.fetch_add(1, memory_order_relaxed) + 1 == 0) {
        generation.fetch_add(1, memory_order_relaxed);  // relaxed: as above
    }
}

}  // namespace lt::io
