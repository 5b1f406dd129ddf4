#include "io/poller.h"

#include <sys/epoll.h>

#include <cerrno>

#include "io/arming.h"
#include "io/epoll_set.h"
#include "sched/critical.h"
#include "sched/poll_hooks.h"

namespace lt::io {
namespace {

constexpr std::uint32_t kAlways = EPOLLERR | EPOLLHUP;
// From then on the file may call itself ready, though an attempt without waiting finds nothing, and
// have no more edges: a datagram socket that was shut down.
constexpr std::uint32_t kLasting = kAlways | EPOLLRDHUP;

// Each event wakes an LWP that sleeps in the poller: a direction that nobody waits for is dropped.
// Writers wait seldom, readers mostly.
void drop_unawaited(FdEntry& entry, int fd, std::uint32_t ready, Woken& woken)
    LT_REQUIRES(entry.lock)
{
    constexpr std::uint8_t kMostUnawaited = 4;
    std::uint32_t dropped = ready & ~std::uint32_t{EPOLLIN};
    if (++entry.unawaited >= kMostUnawaited) {
        entry.unawaited = 0;
        dropped = ready;
    }
    const std::uint32_t left = (entry.armed & ~dropped) | wanted_by_all(entry);
    // relaxed: changed under the lock only.
    if (left != entry.armed && entry.registered.load(memory_order_relaxed)) {
        arm_for_all(entry, fd, left, woken);
    }
}

// Whom of a ring.
enum class Of : bool { kFirst, kAll };

void end_ring(FdEntry& entry, WaitNode& first, Of whom, Woken& woken) LT_REQUIRES(entry.lock)
{
    for (WaitNode* node = &first;;) {
        WaitNode* const next = node->next;
        const bool last = whom == Of::kFirst || next == node;
        end_node(entry, *node, Waiter::kReady, woken);
        if (last) {
            return;
        }
        node = next;
    }
}

// One event of one descriptor.
void deliver_event(FdEntry& entry, int fd, std::uint32_t ready, Woken& woken)
{
    const SpinGuard guard{entry.lock};
    // relaxed: written under the lock. Who has tried before this event finds its number changed.
    entry.edges.store(entry.edges.load(memory_order_relaxed) + 1, memory_order_relaxed);
    if ((ready & kLasting) != 0) {
        entry.armed = 0;
    }
    bool awaited = false;
    for (WaitNode* ring = entry.head; ring != nullptr;) {
        WaitNode& first = *ring;
        ring = first.next_ring;
        if ((ready & (first.events | kAlways)) == 0) {
            continue;
        }
        awaited = true;
        // Of exclusive waiters one is woken, and passes on. All of them wait for one direction.
        const bool one = first.exclusive && (ready & kAlways) == 0;
        end_ring(entry, first, one ? Of::kFirst : Of::kAll, woken);
    }
    if (awaited) {
        entry.unawaited = 0;
    } else {
        drop_unawaited(entry, fd, ready, woken);
    }
}

void deliver(Thread& self, const ReadyEvents& ready)
{
    Woken woken;
    for (int i = 0; i < ready.count; ++i) {
        const epoll_event& event = ready.events[i];
        if (is_bell(event)) {
            continue;
        }
        const int fd = static_cast<int>(event.data.u64);
        if (FdEntry* entry = entry_if_known(fd)) {
            deliver_event(*entry, fd, event.events, woken);
        }
    }
    woken.resume_all(self);
}

void poll_now(Thread& self)
{
    if (!has_epoll_set()) {
        return;
    }
    for (;;) {
        ReadyEvents ready;
        wait_for_events(ready, 1);
        deliver(self, ready);
        if (ready.count < ReadyEvents::kMost) {
            return;
        }
    }
}

// One at a time: an event, the bell's included, reaches one sleeper only.
bool take_watch(Lwp& lwp)
{
    Lwp* watcher = nullptr;
    // relaxed: the role orders nothing; who may be asleep is settled by the parkers.
    if (descriptor_watcher.compare_exchange_strong(watcher, &lwp, memory_order_relaxed)) {
        return true;
    }
    // The clock LWP gives the role up, and wakes an LWP without work to take it. relaxed: set once.
    if (watcher != &lwp && watcher->state.load(memory_order_relaxed) == LwpState::kHelper) {
        watcher->parker.unpark();
    }
    return false;
}

bool watch(Lwp& lwp, std::int64_t until, ReadyEvents& ready)
{
    if (!has_epoll_set() || !take_watch(lwp)) {
        return false;
    }
    bool works = true;
    if (lwp.parker.begin_watch()) {
        const int count = wait_for_events(ready, until);
        works = count >= 0 || count == -EINTR;
        quiet_bell(ready);
        lwp.parker.end_watch();
    }
    descriptor_watcher.store(nullptr, memory_order_relaxed);  // relaxed: as in take_watch()
    return works;
}

}  // namespace

void start_poller() noexcept
{
    claim_descriptors();
    poll_hooks = {poll_now, watch, deliver, confirm_waits};
}

int join_waiters(Thread& self, WaitNode& node, int fd) noexcept
{
    node.entry = entry_of(fd);
    if (node.entry == nullptr) {
        return fd < 0 ? EBADF : ENOMEM;
    }
    if (!open_epoll_set()) {
        return ENOMEM;
    }
    FdEntry& entry = *node.entry;
    Woken woken;
    int error = 0;
    {
        const SpinGuard guard{entry.lock};
        node.arms = entry.arms;
        if (!begins_unconfirmed(entry, node, fd)) {
            // Readers, most likely, come again.
            const std::uint32_t kept = entry.armed & std::uint32_t{EPOLLIN};
            error = arm(entry, fd, node.events | wanted_by_all(entry) | kept);
        }
        if (error == ENOENT || error == EBADF) {
            // Closed, perhaps reused, unseen: those asleep wait for a file that is gone from here.
            end_stale(entry, woken);
            error = error == ENOENT ? ESTALE : error;
        }
        if (error == 0) {
            link(entry, node);
        }
    }
    woken.resume_all(self);
    return error;
}

bool leave_waiters(WaitNode& node) noexcept
{
    FdEntry& entry = *node.entry;
    const SpinGuard guard{entry.lock};
    if (node.linked) {
        unlink(entry, node);
    }
    return entry.head != nullptr;
}

void pass_on(Thread& self, FdEntry& entry, int fd) noexcept
{
    Woken woken;
    {
        const SpinGuard guard{entry.lock};
        if (entry.head != nullptr) {
            arm_for_all(entry, fd, wanted_by_all(entry) | entry.armed, woken);
        }
    }
    woken.resume_all(self);
}

WakeCause sleep_for_descriptor(Thread& self, Waiter& waiter, WaitKind kind, std::uint32_t target,
                               const Deadline* deadline) noexcept
{
    // seq_cst: before the look at who watches. An LWP that stops working announces itself, fences,
    // and looks at this.
    descriptor_sleepers.fetch_add(1, memory_order_seq_cst);
    find_watcher();
    const WakeCause cause = sleep_as(self, waiter, kind, target, deadline);
    // relaxed: one look too many is harmless.
    descriptor_sleepers.fetch_sub(1, memory_order_relaxed);
    return cause;
}

void doubt_edges(Thread& self, FdEntry& entry) noexcept
{
    const CriticalRegion region{self};
    const SpinGuard guard{entry.lock};
    entry.armed = 0;
}

void note_fresh(FdEntry& entry) noexcept
{
    forget_beliefs(entry);
    if (LT_UNLIKELY(entry.registered.load(memory_order_relaxed))) {  // relaxed: set before, if ever
        Thread& self = current();
        const CriticalRegion region{self};
        Woken woken;
        {
            const SpinGuard guard{entry.lock};
            entry.registered.store(false, memory_order_relaxed);  // relaxed: as above
            end_all(entry, Waiter::kClosed, woken);
        }
        woken.resume_all(self);
    }
}

void note_closing(FdEntry& entry, int fd) noexcept
{
    Thread& self = current();
    const CriticalRegion region{self};
    Woken woken;
    {
        const SpinGuard guard{entry.lock};
        // A child of vfork shares our memory, but not our descriptors.
        // relaxed: changed under the lock only.
        if (entry.registered.load(memory_order_relaxed) && owns_descriptors()) {
            control_epoll(EPOLL_CTL_DEL, fd, 0, 0);
            entry.registered.store(false, memory_order_relaxed);       // relaxed: as above
            entry.kind.store(FdKind::kUnknown, memory_order_relaxed);  // relaxed: as above
            end_all(entry, Waiter::kClosed, woken);
        }
    }
    woken.resume_all(self);
}

void note_closed(FdEntry& entry) noexcept
{
    Thread& self = current();
    const CriticalRegion region{self};
    Woken woken;
    {
        const SpinGuard guard{entry.lock};
        if (owns_descriptors()) {
            end_all(entry, Waiter::kReady, woken);
        }
    }
    woken.resume_all(self);
}

bool renew_poller_in_copy(Thread& self) noexcept
{
    claim_descriptors();
    if (!has_epoll_set()) {
        return true;
    }
    if (!renew_epoll_set()) {
        return false;
    }
    // What is ready, the new set reports as a first edge. A number that cannot be armed is found
    // out by the next who waits for it. The parent's children are not waited for here.
    Woken woken;
    for (int fd = 0; fd < known_fds(); ++fd) {
        FdEntry* entry = entry_if_known(fd);
        // relaxed: nobody else runs here.
        if (entry != nullptr && entry->registered.load(memory_order_relaxed)) {
            const SpinGuard guard{entry->lock};
            if (entry->kind.load(memory_order_relaxed) == FdKind::kChild) {  // relaxed: as above
                end_all(*entry, Waiter::kReady, woken);
                continue;
            }
            entry->registered.store(false, memory_order_relaxed);  // relaxed: as above
            static_cast<void>(arm(*entry, fd, wanted_by_all(*entry) | entry->armed));
        }
    }
    woken.resume_all(self);
    return true;
}

void reset_poller_after_fork() noexcept
{
    drop_fd_table();
    forget_unconfirmed();
    reset_epoll_set();
    // relaxed, both: nobody else is here.
    descriptor_sleepers.store(0, memory_order_relaxed);       // relaxed: as above
    descriptor_watcher.store(nullptr, memory_order_relaxed);  // relaxed: as above
}

}  // namespace lt::io
