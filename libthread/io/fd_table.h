// What the library knows of a descriptor, by its number.
//
// Beliefs only: the number may be closed and reused behind our back, by a system call made directly
// or inside libc. So the kind merely picks the first attempt, which fails in a recognisable way if
// it is wrong, and nobody sleeps before epoll_ctl() has said that the number still names the file
// registered. Entries are never freed [I9]; zeros are a valid one.
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
    kSocket,  // MSG_DONTWAIT
    kStream,  // RWF_NOWAIT: pipes, eventfds
    kPolled,  // poll(2) first: terminals, timerfds, older kernels
    kDirect,  // never waits as far as poll(2) is concerned: files, directories
};

struct FdEntry;

// One wait for one descriptor: on the waiter's stack, in the entry's list while linked. Guarded by
// the entry's lock; whoever gives the waiter its outcome holds it, and the waiter takes it before
// it leaves.
struct WaitNode {
    Waiter* waiter = nullptr;
    FdEntry* entry = nullptr;
    WaitNode* next = nullptr;
    WaitNode* prev = nullptr;
    std::uint32_t events = 0;  // EPOLLIN and the like
    bool exclusive = false;    // one event wakes one of these; it passes on what it leaves
    bool linked = false;
};

struct alignas(kCacheLine) FdEntry {
    // Written by whoever finds out, read by every call; relaxed: a belief.
    Atomic<FdKind> kind;
    // The generation of socket timeouts that the two below were read at. Written under the lock,
    // read without: relaxed, the owner of a socket orders its setsockopt calls.
    Atomic<std::uint32_t> timeouts_seen;
    SpinLock lock;  // guards what follows. Ranks above sleep queues; held over epoll_ctl()
    // Written under the lock; a closer looks without it whether there is anything to do.
    Atomic<bool> registered;
    WaitNode* head LT_GUARDED_BY(lock);
    WaitNode* tail LT_GUARDED_BY(lock);
    std::int64_t receive_timeout_ns LT_GUARDED_BY(lock);  // 0: none
    std::int64_t send_timeout_ns LT_GUARDED_BY(lock);     // 0: none
};

// nullptr: not a number the table has room for, or no memory.
FdEntry* entry_of(int fd) noexcept;

// nullptr: nothing is known of that number.
FdEntry* entry_if_known(int fd) noexcept;

// The kind believed, looked up by fstat(2) the first time.
FdKind kind_of(int fd, FdEntry* entry) noexcept;

// The number names another file, or none.
void forget_beliefs(FdEntry& entry) noexcept;

// One past the last number that may have an entry.
int known_fds() noexcept;

// In the child of fork, where nobody waits.
void drop_fd_table() noexcept;

}  // namespace lt::io
