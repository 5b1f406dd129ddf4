// How a call on one descriptor parks: try without waiting, sleep until the poller says ready, try
// again.
#pragma once

#include <sys/epoll.h>

#include <cstdint>
#include <limits>

#include "base/deadline.h"
#include "io/fd_table.h"
#include "io/waiter.h"
#include "sched/thread.h"

namespace lt::io {

// An attempt's answer for descriptors that are not for parking.
inline constexpr long kUseLibc = std::numeric_limits<long>::min();

// What a call does is in a structure derived from this one. Results are counts or negative error
// numbers.
struct Call {
    Call(int descriptor, std::uint32_t direction, WaitKind wait)
        : fd{descriptor}, events{direction}, kind{wait}, entry{entry_of(descriptor)}
    {
    }

    void progress() { progressed = partial = true; }

    int fd;
    std::uint32_t events;
    WaitKind kind;
    FdEntry* entry;              // nullptr: none to be had
    bool restarts = true;        // after handlers installed with SA_RESTART
    bool obeys_nonblock = true;  // fails with EAGAIN if the descriptor says so
    bool vectored = false;    // readv or writev: a list without a byte moves none, on sockets too
    bool on_socket = false;   // succeeds, or waits, on sockets only
    bool timed = false;       // ends with EAGAIN at `deadline`
    std::uint32_t edges = 0;  // FdEntry::edges before the latest attempt
    // An attempt that ended with -EAGAIN transferred something before. Taken back by who looks.
    bool progressed = false;
    bool partial = false;  // some attempt did: any handler ends the call then
    Deadline deadline;
    const HandlersSeen* since = nullptr;  // those before it began; nullptr: before now
    long (*attempt)(Call&) = nullptr;     // never waits: -EAGAIN; or kUseLibc
    long (*block)(Call&) = nullptr;       // libc's own function: -1 and errno
};

// Makes the call for an unbound thread. Acts on a cancellation.
long perform(Thread& self, Call& call);

// As the callers of libc expect it; `done`: what the call had transferred when it failed.
long finish(long result, std::size_t done = 0) noexcept;

}  // namespace lt::io
