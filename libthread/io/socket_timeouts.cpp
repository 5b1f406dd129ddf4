#include "io/socket_timeouts.h"

#include <sys/socket.h>
#include <sys/time.h>

#include "os/clock.h"
#include "os/syscall.h"
#include "sched/critical.h"

namespace lt::io {
namespace {

// Raised by every change, so that an entry tells whether it has read the latest. An accepted socket
// inherits, and a number reused names another socket, so the option is read once for each socket
// that a thread sleeps on.
constinit Atomic<std::uint32_t> timeouts_generation{1};

std::int64_t read_option(int fd, int option)
{
    timeval time{};
    socklen_t size = sizeof(time);
    const long result = os::raw_syscall(SYS_getsockopt, fd, SOL_SOCKET, option,
                                        os::syscall_argument(&time), os::syscall_argument(&size));
    return result == 0 ? time.tv_sec * kNanosPerSecond + time.tv_usec * 1000 : 0;
}

}  // namespace

void note_timeout_change() noexcept
{
    // relaxed: who changes an option and who waits are ordered by the program, if at all. 0 is left
    // out: it means "never read".
    if (timeouts_generation.fetch_add(1, memory_order_relaxed) + 1 == 0) {
        timeouts_generation.fetch_add(1, memory_order_relaxed);  // relaxed: as above
    }
}

void note_low_water(int fd, int bytes) noexcept
{
    if (FdEntry* entry = entry_of(fd)) {
        // relaxed: a belief.
        entry->kind.store(bytes > 1 ? FdKind::kDirect : FdKind::kSocket, memory_order_relaxed);
    }
}

bool apply_socket_timeout(Call& call) noexcept
{
    if (call.entry == nullptr ||
        (!call.on_socket && kind_of(call.fd, call.entry) != FdKind::kSocket)) {
        return false;
    }
    FdEntry& entry = *call.entry;
    const std::uint32_t now = timeouts_generation.load(memory_order_relaxed);  // relaxed: see above
    std::int64_t timeout = 0;
    {
        const CriticalRegion region{*current_thread};
        const SpinGuard guard{entry.lock};
        // relaxed: written under the lock, or a forgetting that costs one more reading.
        if (entry.timeouts_seen.load(memory_order_relaxed) != now) {
            entry.receive_timeout_ns = read_option(call.fd, SO_RCVTIMEO);
            entry.send_timeout_ns = read_option(call.fd, SO_SNDTIMEO);
            entry.timeouts_seen.store(now, memory_order_relaxed);  // relaxed: as above
        }
        timeout = call.events == EPOLLIN ? entry.receive_timeout_ns : entry.send_timeout_ns;
    }
    if (timeout == 0) {
        return false;
    }
    call.deadline = {saturating_add(os::monotonic_now(), timeout), Clock::kMonotonic};
    call.timed = true;
    return true;
}

}  // namespace lt::io
