#include "io/call.h"

#include <sys/socket.h>
#include <sys/time.h>

#include <cerrno>

#include "io/blocking.h"
#include "io/poller.h"
#include "io/socket_timeouts.h"
#include "os/clock.h"
#include "os/syscall.h"
#include "sched/critical.h"
#include "sched/held_lwp.h"
#include "sched/scheduler.h"
#include "sync/cancellation.h"

namespace lt::io {
namespace {

// Wake-ups in a row that found nothing, after which the kernel is left to wait: a file may call
// itself ready and not be, such as a datagram socket whose addressee is full.
constexpr int kMostFutile = 64;

enum class End : std::uint8_t {
    kDone,
    kFutile,
    kAgain,
    kClosed,
    kUnpollable,
    kTimedOut,
    kInterrupted
};

struct Round {
    End end;
    long result = 0;
};

long attempt(Call& call)
{
    if (LT_LIKELY(call.entry != nullptr)) {
        // acquire: the attempt comes after it, so an event not yet counted is one that it sees, or
        // that comes later.
        call.edges = call.entry->edges.load(memory_order_acquire);
    }
    return call.attempt(call);
}

// Whether it is worth a turn of the others: not where they have mostly not been who was waited for.
bool expects_help(FdEntry& entry)
{
    constexpr std::uint8_t kTired = 4;
    constexpr std::uint8_t kRested = 20;
    const std::uint8_t futile = entry.futile_turns.load(memory_order_relaxed);  // relaxed: a belief
    if (LT_LIKELY(futile < kTired)) {
        return true;
    }
    const std::uint8_t next = futile + 1 == kRested ? kTired - 1 : futile + 1;
    entry.futile_turns.store(next, memory_order_relaxed);  // relaxed: as above
    return false;
}

// Who is to send, or to make room, may be waiting for this very LWP: the others have a turn before
// the thread sleeps, and if that was it, neither the poller nor a sleep queue is troubled.
long attempt_after_others(Thread& self, Call& call)
{
    if (call.entry == nullptr || !expects_help(*call.entry)) {
        return -EAGAIN;
    }
    const std::uint64_t switches = self.switches;
    yield(self);
    if (self.switches == switches) {
        return -EAGAIN;  // nobody else is there
    }
    act_on_cancellation(self);  // one that came meanwhile ends no sleep
    const long result = attempt(call);
    const bool helped = result != -EAGAIN || call.progressed;
    // relaxed, both: a belief.
    const std::uint8_t futile = call.entry->futile_turns.load(memory_order_relaxed);
    call.entry->futile_turns.store(helped ? 0 : futile + 1, memory_order_relaxed);
    return result;
}

long call_libc(Thread& self, Call& call, bool waits)
{
    if (waits) {
        expect_to_block(self);
    }
    const long result = call.block(call);
    return result < 0 ? -errno : result;
}

// Sleeps once. The attempt after it is made before handlers run, which may leave by siglongjmp:
// what the thread was woken for is then taken, or passed on.
Round wait_once(Thread& self, Call& call, const HandlersSeen& before)
{
    Waiter waiter{&self};
    WaitNode node;
    node.waiter = &waiter;
    node.events = call.events;
    node.edges = call.edges;
    node.tried = true;
    node.exclusive = true;
    enter_critical(self);
    if (before.interrupt(self, call.restarts)) {
        leave_critical(self);
        return {End::kInterrupted};
    }
    if (const int error = join_waiters(self, node, call.fd)) {
        leave_critical(self);
        if (error == EPERM && call.entry != nullptr) {
            call.entry->kind.store(FdKind::kDirect, memory_order_relaxed);  // relaxed: a belief
        }
        return {error == ESTALE ? End::kAgain : error == EBADF ? End::kClosed : End::kUnpollable};
    }
    const WakeCause cause = sleep_for_descriptor(self, waiter, call.kind, call.fd,
                                                 call.timed ? &call.deadline : nullptr);
    const bool others = leave_waiters(node);
    // relaxed: stored under the entry's lock, which we have taken since.
    const std::uint32_t outcome = waiter.outcome.load(memory_order_relaxed);
    long result = -EAGAIN;
    if (outcome == Waiter::kReady) {
        result = attempt(call);
        if (others) {
            pass_on(self, *node.entry, call.fd);
        }
    }
    leave_critical(self);  // pending handlers run here
    if (result != -EAGAIN) {
        return {End::kDone, result};
    }
    if (outcome == Waiter::kClosed) {
        return {End::kClosed};
    }
    if (cause == WakeCause::kTimedOut) {
        return {End::kTimedOut};
    }
    const bool futile = outcome == Waiter::kReady && !call.progressed;
    call.progressed = false;
    if (futile) {
        doubt_edges(self, *node.entry);
    }
    return {futile ? End::kFutile : End::kAgain};
}

long wait_and_retry(Thread& self, Call& call, const HandlersSeen& before)
{
    if (call.obeys_nonblock && is_nonblocking(call)) {
        return -EAGAIN;
    }
    if (!can_park_here(self)) {
        return call_libc(self, call, true);
    }
    const long early = attempt_after_others(self, call);
    if (early != -EAGAIN) {
        return early != kUseLibc ? early : call_libc(self, call, true);
    }
    for (int futile = 0;;) {
        if (!call.timed && apply_socket_timeout(call)) {
            call.restarts = false;
        }
        const Round round = wait_once(self, call, before);
        switch (round.end) {
            case End::kDone:
                return round.result != kUseLibc ? round.result : call_libc(self, call, true);
            case End::kClosed:
                return -EBADF;
            case End::kTimedOut:
                return -EAGAIN;
            case End::kInterrupted:
                return -EINTR;
            case End::kUnpollable:
                return call_libc(self, call, true);
            case End::kFutile:
                if (++futile == kMostFutile) {
                    return call_libc(self, call, true);
                }
                break;
            case End::kAgain:
                futile = 0;
                act_on_cancellation(self);
                break;
        }
    }
}

}  // namespace

long perform(Thread& self, Call& call)
{
    act_on_cancellation(self);
    const HandlersSeen before = call.since != nullptr ? *call.since : HandlersSeen{self};
    const long result = attempt(call);
    if (LT_LIKELY(result != -EAGAIN && result != kUseLibc)) {
        return result;
    }
    return result == kUseLibc ? call_libc(self, call, false) : wait_and_retry(self, call, before);
}

long finish(long result, std::size_t done) noexcept
{
    if (result >= 0) {
        return result;
    }
    if (done != 0) {
        return static_cast<long>(done);
    }
    errno = static_cast<int>(-result);
    return -1;
}

}  // namespace lt::io
