#include "io/arming.h"

#include <sys/epoll.h>

#include <cerrno>

#include "io/epoll_set.h"
#include "sched/clock_lwp.h"
#include "sched/settings.h"

namespace lt::io {
namespace {

// The looks of the clock LWP, which writes it; never 0. relaxed: an age in looks, roughly.
constinit Atomic<std::uint16_t> looks{1};
// The number + 1 of the first entry with waits to be confirmed, linked by FdEntry::next_listed. An
// entry is pushed under its lock; the clock LWP takes them all at once.
constinit Atomic<std::uint32_t> first_listed{0};

void list_unconfirmed(FdEntry& entry, int fd) LT_REQUIRES(entry.lock)
{
    if (entry.unconfirmed_since == 0) {
        entry.unconfirmed_since = looks.load(memory_order_relaxed);  // relaxed: see above
    }
    if (entry.listed) {
        return;
    }
    entry.listed = true;
    std::uint32_t first = first_listed.load(memory_order_relaxed);  // relaxed: the CAS decides
    do {
        entry.next_listed = first;
        // release: the clock LWP finds the link.
    } while (!first_listed.compare_exchange_weak(first, static_cast<std::uint32_t>(fd) + 1,
                                                 memory_order_release, memory_order_relaxed));
}

// The link to the first of the ring in which the node is or belongs; to nullptr: there is none yet.
WaitNode** find_ring(FdEntry& entry, const WaitNode& node) LT_REQUIRES(entry.lock)
{
    WaitNode** place = &entry.head;
    while (*place != nullptr &&
           ((*place)->events != node.events || (*place)->exclusive != node.exclusive)) {
        place = &(*place)->next_ring;
    }
    return place;
}

// Arms one entry if a wait that is unconfirmed began before the look `since`.
void confirm_entry(FdEntry& entry, int fd, bool young_too, Woken& woken) LT_REQUIRES(entry.lock)
{
    if (entry.head == nullptr) {
        entry.unconfirmed_since = 0;
    }
    if (entry.unconfirmed_since == 0) {
        return;
    }
    // relaxed: written by the caller's LWP only.
    const auto age =
        static_cast<std::uint16_t>(looks.load(memory_order_relaxed) - entry.unconfirmed_since);
    if (young_too || age > 1) {
        arm_for_all(entry, fd, wanted_by_all(entry) | entry.armed, woken);
    } else {
        list_unconfirmed(entry, fd);
    }
}

}  // namespace

int arm(FdEntry& entry, int fd, std::uint32_t events) noexcept
{
    const std::uint32_t edges = events | EPOLLRDHUP | EPOLLET;
    const auto data = static_cast<std::uint64_t>(fd);
    long result = -ENOENT;
    // relaxed, here and below: changed under the lock only.
    const bool registered = entry.registered.load(memory_order_relaxed);
    if (!registered) {
        result = control_epoll(EPOLL_CTL_ADD, fd, edges, data);
    }
    if (registered || result == -EEXIST) {
        result = control_epoll(EPOLL_CTL_MOD, fd, edges, data);
    }
    if (result == 0) {
        entry.armed = static_cast<std::uint16_t>(events);
        entry.unconfirmed_since = 0;
        ++entry.arms;
    }
    const bool still = result == 0 || (registered && result != -ENOENT && result != -EBADF);
    if (still != registered) {
        entry.registered.store(still, memory_order_relaxed);  // relaxed: as above
    }
    return static_cast<int>(-result);
}

bool begins_unconfirmed(FdEntry& entry, const WaitNode& node, int fd) noexcept
{
    // relaxed, both: changed under the lock only.
    if (!node.tried || !entry.registered.load(memory_order_relaxed) ||
        (entry.armed & node.events) != node.events ||
        entry.edges.load(memory_order_relaxed) != node.edges) {
        return false;
    }
    list_unconfirmed(entry, fd);
    // The clock LWP either finds the entry listed at its last look, or is seen not to look any
    // more: it has a process-wide fence between the two.
    std::atomic_signal_fence(std::memory_order_seq_cst);
    if (LT_UNLIKELY(!settings.process_wide_fence)) {
        std::atomic_thread_fence(std::memory_order_seq_cst);
    }
    return clock_unwatching.load(memory_order_relaxed) == 0;  // relaxed: the fence orders it
}

std::uint32_t wanted_by_all(const FdEntry& entry) noexcept
{
    std::uint32_t events = 0;
    for (const WaitNode* ring = entry.head; ring != nullptr; ring = ring->next_ring) {
        events |= ring->events;
    }
    return events;
}

void link(FdEntry& entry, WaitNode& node) noexcept
{
    node.linked = true;
    WaitNode** const place = find_ring(entry, node);
    WaitNode* const first = *place;
    if (first == nullptr) {
        node.next = node.prev = &node;
        node.next_ring = nullptr;
        *place = &node;
        return;
    }
    node.next = first;
    node.prev = first->prev;
    node.prev->next = first->prev = &node;
}

void unlink(FdEntry& entry, WaitNode& node) noexcept
{
    node.linked = false;
    WaitNode** const place = find_ring(entry, node);
    if (*place == &node) {
        const bool alone = node.next == &node;
        *place = alone ? node.next_ring : node.next;
        node.next->next_ring = node.next_ring;
    }
    node.prev->next = node.next;
    node.next->prev = node.prev;
    if (entry.head == nullptr) {
        entry.unconfirmed_since = 0;
    }
}

void end_node(FdEntry& entry, WaitNode& node, Waiter::Outcome outcome, Woken& woken) noexcept
{
    unlink(entry, node);
    woken.add(end_wait(*node.waiter, outcome));
}

void end_all(FdEntry& entry, Waiter::Outcome outcome, Woken& woken) noexcept
{
    while (entry.head != nullptr) {
        end_node(entry, *entry.head, outcome, woken);
    }
}

void end_stale(FdEntry& entry, Woken& woken) noexcept
{
    forget_beliefs(entry);
    while (WaitNode* node = entry.head) {
        const bool unconfirmed = node->arms == entry.arms;
        end_node(entry, *node, unconfirmed ? Waiter::kReady : Waiter::kClosed, woken);
    }
}

void arm_for_all(FdEntry& entry, int fd, std::uint32_t events, Woken& woken) noexcept
{
    const int error = arm(entry, fd, events);
    if (error == ENOENT || error == EBADF) {
        end_stale(entry, woken);
    } else if (error != 0) {
        end_all(entry, Waiter::kReady, woken);
    }
}

void confirm_waits(Thread& self, bool young_too)
{
    auto look = static_cast<std::uint16_t>(looks.load(memory_order_relaxed) + 1);  // relaxed: own
    look = look != 0 ? look : 1;
    looks.store(look, memory_order_relaxed);  // relaxed: see its declaration
    Woken woken;
    // acquire: pairs with list_unconfirmed().
    std::uint32_t next = first_listed.exchange(0, memory_order_acquire);
    while (next != 0) {
        const int fd = static_cast<int>(next - 1);
        FdEntry& entry = *entry_if_known(fd);
        const SpinGuard guard{entry.lock};
        next = entry.next_listed;
        entry.listed = false;
        confirm_entry(entry, fd, young_too, woken);
    }
    woken.resume_all(self);
}

void forget_unconfirmed() noexcept
{
    first_listed.store(0, memory_order_relaxed);  // relaxed: nobody else is here
}

}  // namespace lt::io
