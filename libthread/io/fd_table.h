// What the library knows of a descriptor, by its number.
//
// Beliefs only: the number may be closed and reused behind our back, by a system call made directly
// or inside libc. So the kind merely picks the first attempt, which fails in a recognisable way if
// it is wrong, and nobody sleeps for long before epoll_ctl() has said that the number still names
// the file registered: see io/poller.h. Entries are never freed [I9]; zeros are a valid one.
#pragma once

#include <cstdint>

#include "base/annotations.h"
#include "base/atomic.h"
#include "base/compiler.h"
#include "io/waiter.h"
#include "os/spinlock.h"

namespace lt::io {

enum class FdKind : std::uint8_t {
    kUnknown,
    kSocket,    // MSG_DONTWAIT
    kStream,    // RWF_NOWAIT: pipes, eventfds
    kPolled,    // poll(2) first: writes to eventfds, inotify, older kernels
    kTerminal,  // the same, but a read may be over though there is nothing to read
    kDirect,    // never waits as far as poll(2) is concerned, or for more than that tells: files,
                // directories, sockets with a low-water mark
    kChild,     // a child's, opened by the library for as long as a thread waits: io/child.cpp
};

// Whether a write is tried after a poll(2), a little at a time.
constexpr bool is_polled(FdKind kind)
{
    return kind == FdKind::kPolled || kind == FdKind::kTerminal;
}

struct FdEntry;

// One wait for one descriptor: on the waiter's stack, in one of the entry's rings while linked.
// Guarded by the entry's lock; whoever gives the waiter its outcome holds it, and the waiter takes
// it before it leaves.
struct WaitNode {
    Waiter* waiter = nullptr;
    FdEntry* entry = nullptr;
    WaitNode* next = nullptr;  // in its ring
    WaitNode* prev = nullptr;
    WaitNode* next_ring = nullptr;  // of the first of a ring: the first of the next one
    std::uint32_t events = 0;       // EPOLLIN and the like
    std::uint32_t edges = 0;        // FdEntry::edges before the attempt that found nothing
    std::uint32_t arms = 0;  // FdEntry::arms when it was linked: unconfirmed as long as the same
    bool tried = false;      // there was such an attempt
    bool exclusive = false;  // one event wakes one of these; it passes on what it leaves
    bool linked = false;
};

struct alignas(kCacheLine) FdEntry {
    // Written by whoever finds out, read by every call; relaxed: a belief.
    Atomic<FdKind> kind;
    // Written under the lock; a closer looks without it whether there is anything to do.
    Atomic<bool> registered;
    // What it has been worth to let others run first, see call.cpp. As the kind.
    Atomic<std::int8_t> turns;
    bool listed : 1 LT_GUARDED_BY(lock);             // among those to be confirmed
    std::uint8_t unawaited : 7 LT_GUARDED_BY(lock);  // events in a row that nobody waited for
    // The generation of socket timeouts that the two below were read at. Written under the lock,
    // read without: relaxed, the owner of a socket orders its setsockopt calls.
    Atomic<std::uint32_t> timeouts_seen;
    // The generation of O_NONBLOCK for which the description is known to be without; 0: never. As
    // the kind. See io/blocking.h.
    Atomic<std::uint32_t> blocking_seen;
    // Events taken from the poller so far. Written under the lock; a reader notes it without.
    Atomic<std::uint32_t> edges;
    SpinLock lock;  // guards what follows. Ranks above sleep queues; held over epoll_ctl()
    std::uint32_t next_listed LT_GUARDED_BY(lock);  // the next one's number + 1; 0: none
    std::uint32_t arms LT_GUARDED_BY(lock);         // how often epoll_ctl() confirmed it
    std::uint16_t armed LT_GUARDED_BY(lock);        // events that it is known to have edges of
    std::uint16_t unconfirmed_since LT_GUARDED_BY(lock);  // a look of the clock LWP; 0: all are
    // Those who wait for the same form a ring, first come first: an event passes over all of them
    // at once. This is the first of the first ring; next_ring leads on.
    WaitNode* head LT_GUARDED_BY(lock);
    std::int64_t receive_timeout_ns LT_GUARDED_BY(lock);  // 0: none
    std::int64_t send_timeout_ns LT_GUARDED_BY(lock);     // 0: none
};
static_assert(sizeof(FdEntry) == kCacheLine);

inline constexpr std::uint32_t kFdChunkBits = 10;
inline constexpr std::uint32_t kFdChunk = 1U << kFdChunkBits;
inline constexpr std::uint32_t kFdChunks = 1U << 11;
// Filled once each, by compare-and-swap; never emptied but in the child of fork.
extern Atomic<FdEntry*> fd_chunks[kFdChunks];

// nullptr: nothing is known of that number.
inline FdEntry* entry_if_known(int fd) noexcept
{
    const auto number = static_cast<std::uint32_t>(fd);  // a negative one is beyond all others
    if (LT_UNLIKELY(number >= kFdChunks * kFdChunk)) {
        return nullptr;
    }
    // acquire: pairs with make_entry().
    FdEntry* chunk = fd_chunks[number >> kFdChunkBits].load(memory_order_acquire);
    return LT_LIKELY(chunk != nullptr) ? chunk + number % kFdChunk : nullptr;
}

// The entry of a number of which nothing is known; nullptr: the table has no room for it, or there
// is no memory.
FdEntry* make_entry(int fd) noexcept;

// One or the other.
inline FdEntry* entry_of(int fd) noexcept
{
    FdEntry* entry = entry_if_known(fd);
    return LT_LIKELY(entry != nullptr) ? entry : make_entry(fd);
}

// By fstat(2).
FdKind find_kind(int fd, FdEntry& entry) noexcept;

// The kind believed, looked up the first time.
inline FdKind kind_of(int fd, FdEntry* entry) noexcept
{
    if (LT_UNLIKELY(entry == nullptr)) {
        return FdKind::kDirect;
    }
    const FdKind kind = entry->kind.load(memory_order_relaxed);  // relaxed: a belief
    return LT_LIKELY(kind != FdKind::kUnknown) ? kind : find_kind(fd, *entry);
}

// Whether a read is not to be tried without waiting, on a socket by recv(2) and kin either.
inline bool is_direct(const FdEntry* entry) noexcept
{
    return entry != nullptr &&
           entry->kind.load(memory_order_relaxed) == FdKind::kDirect;  // relaxed: a belief
}

// The number names another file, or none.
void forget_beliefs(FdEntry& entry) noexcept;

// One past the last number that may have an entry.
int known_fds() noexcept;

// One kChild more, before it is opened, or less, after it was closed.
void count_child_watches(int change) noexcept;

// In the child of fork, where nobody waits. Closes what is of kChild.
void drop_fd_table() noexcept;

}  // namespace lt::io
