#include "io/call.h"

#include <sys/socket.h>
#include <sys/time.h>

#include <cerrno>

#include "io/attempts.h"
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

enum class End : std::uint8_t { kDone, kAgain, kClosed, kUnpollable, kTimedOut, kInterrupted };

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

// What turns of the others have been worth (FdEntry::turns): so many in a row were in vain, or, as
// a negative number, ended what the attempt before had not.
constexpr std::int8_t kTired = 4;       // from then on, now and then only
constexpr std::int8_t kRested = 20;     // now
constexpr std::int8_t kSure = -4;       // from then on before the first attempt, mostly
constexpr std::int8_t kDoubtful = -20;  // not now

bool expects_help(FdEntry& entry)
{
    const std::int8_t turns = entry.turns.load(memory_order_relaxed);  // relaxed: a belief
    if (LT_LIKELY(turns < kTired)) {
        return true;
    }
    const int next = turns + 1 == kRested ? kTired - 1 : turns + 1;
    entry.turns.store(static_cast<std::int8_t>(next), memory_order_relaxed);  // relaxed: as above
    return false;
}

// Whether what is to be read mostly comes when others have had a turn: then one attempt will do.
bool is_sure_of_help(const Call& call)
{
    if (call.entry == nullptr || call.events != EPOLLIN) {
        return false;
    }
    const std::int8_t turns = call.entry->turns.load(memory_order_relaxed);  // relaxed: a belief
    return turns <= kSure && turns > kDoubtful && is_known_to_block(*call.entry);
}

void note_turn(const Call& call, bool helped)
{
    const std::int8_t turns = call.entry->turns.load(memory_order_relaxed);  // relaxed: a belief
    int next = 0;
    if (!helped) {
        next = turns < 0 ? 1 : turns + 1;
    } else if (call.events == EPOLLIN && turns <= 0) {
        next = turns == kDoubtful ? kSure : turns - 1;
    }
    // relaxed: as above.
    call.entry->turns.store(static_cast<std::int8_t>(next), memory_order_relaxed);
}

// It was there already.
void note_no_wait(const Call& call)
{
    // relaxed, both: a belief.
    if (call.entry != nullptr && call.events == EPOLLIN &&
        LT_UNLIKELY(call.entry->turns.load(memory_order_relaxed) < 0)) {
        call.entry->turns.store(0, memory_order_relaxed);  // relaxed: as above
    }
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
    note_turn(call, result != -EAGAIN || call.progressed);
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

// Woken for nothing. Somebody else has taken it, or the file calls itself ready and is not: a
// datagram socket that was shut down, or whose addressee is full. What the call comes to then, the
// kernel knows.
Round try_what_seems_ready(Call& call)
{
    if (!is_ready(call)) {
        return {End::kAgain};
    }
    const long result = attempt(call);
    if (result == -EAGAIN && call.progressed) {
        call.progressed = false;
        return {End::kAgain};
    }
    return {End::kDone, result != -EAGAIN ? result : kUseLibc};
}

// The time is over, but the thread may have waited for its LWP beyond it: what it could have had by
// then it gets, as it does from the kernel, which looks once more as well.
Round try_at_last(Call& call)
{
    const Round last = try_what_seems_ready(call);
    return last.end == End::kAgain ? Round{End::kTimedOut} : last;
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
    if (before.interrupt(self, call.restarts && !call.partial)) {
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
    const WakeCause cause =
        sleep_for_descriptor(self, waiter, call.kind, static_cast<std::uint32_t>(call.fd),
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
        return try_at_last(call);
    }
    const bool futile = outcome == Waiter::kReady && !call.progressed;
    call.progressed = false;
    if (!futile) {
        return {End::kAgain};
    }
    doubt_edges(self, *node.entry);
    return try_what_seems_ready(call);
}

// In a frame of its own: most calls do without.
LT_NOINLINE long wait_and_retry(Thread& self, Call& call, HandlersSeen before)
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
    for (;;) {
        if (!call.timed && apply_socket_timeout(call)) {
            call.restarts = false;
        }
        if (call.restarts && !call.partial) {
            before.run = self.handlers_run;  // those before the first byte end nothing
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
            case End::kAgain:
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
    long result = -EAGAIN;
    if (LT_UNLIKELY(is_sure_of_help(call)) && can_park_here(self)) {
        result = attempt_after_others(self, call);
    }
    if (result == -EAGAIN) {
        result = attempt(call);
        if (LT_LIKELY(result != -EAGAIN)) {
            note_no_wait(call);
        }
    }
    // A socket with TCP_FASTOPEN_CONNECT begins to connect when it is first written to.
    if (LT_UNLIKELY(result == -EINPROGRESS) && !is_nonblocking(call)) {
        result = -EAGAIN;
    }
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
