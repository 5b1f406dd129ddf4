#include "io/poller.h"

#include <sys/epoll.h>

#include <cerrno>

#include "io/epoll_set.h"
#include "sched/critical.h"
#include "sched/poll_hooks.h"
#include "sched/scheduler.h"
#include "sync/sleep_queue.h"

namespace lt::io {
namespace {

constexpr std::uint32_t kAlways = EPOLLERR | EPOLLHUP;
// Threads taken off their sleep queues, linked by Thread::next, to be resumed without locks.
struct Woken {
    Thread* first = nullptr;
    Thread** last = &first;

    void add(Thread* thread)
    {
        if (thread != nullptr) {
            thread->next = nullptr;
            *last = thread;
            last = &thread->next;
        }
    }

    void resume_all(Thread& self) const
    {
        for (Thread* thread = first; thread != nullptr;) {
            Thread* next = thread->next;
            thread->next = nullptr;
            resume(self, *thread, WakeCause::kWoken);
            thread = next;
        }
    }
};

// 0 or an error number; ENOENT: the number names another file than the one registered.
int arm(FdEntry& entry, int fd, std::uint32_t events) LT_REQUIRES(entry.lock)
{
    const std::uint32_t once = events | EPOLLONESHOT;
    const auto data = static_cast<std::uint64_t>(fd);
    // relaxed, here and below: changed under the lock only.
    if (entry.registered.load(memory_order_relaxed)) {
        const long result = control_epoll(EPOLL_CTL_MOD, fd, once, data);
        // relaxed: as above.
        entry.registered.store(result != -ENOENT && result != -EBADF, memory_order_relaxed);
        return static_cast<int>(-result);
    }
    long result = control_epoll(EPOLL_CTL_ADD, fd, once, data);
    if (result == -EEXIST) {
        result = control_epoll(EPOLL_CTL_MOD, fd, once, data);
    }
    entry.registered.store(result == 0, memory_order_relaxed);  // relaxed: as above
    return static_cast<int>(-result);
}

std::uint32_t wanted_by_all(const FdEntry& entry) LT_REQUIRES(entry.lock)
{
    std::uint32_t events = 0;
    for (const WaitNode* node = entry.head; node != nullptr; node = node->next) {
        events |= node->events;
    }
    return events;
}

void link(FdEntry& entry, WaitNode& node) LT_REQUIRES(entry.lock)
{
    node.next = nullptr;
    node.prev = entry.tail;
    (entry.tail != nullptr ? entry.tail->next : entry.head) = &node;
    entry.tail = &node;
    node.linked = true;
}

void unlink(FdEntry& entry, WaitNode& node) LT_REQUIRES(entry.lock)
{
    (node.prev != nullptr ? node.prev->next : entry.head) = node.next;
    (node.next != nullptr ? node.next->prev : entry.tail) = node.prev;
    node.linked = false;
}

void end_all(FdEntry& entry, Waiter::Outcome outcome, Woken& woken) LT_REQUIRES(entry.lock)
{
    while (WaitNode* node = entry.head) {
        unlink(entry, *node);
        woken.add(end_wait(*node->waiter, outcome));
    }
}

// Arms for those that are there. What cannot be armed cannot be waited for.
void arm_for_all(FdEntry& entry, int fd, std::uint32_t events, Woken& woken) LT_REQUIRES(entry.lock)
{
    const int error = arm(entry, fd, events);
    if (error != 0) {
        const bool gone = error == ENOENT || error == EBADF;
        end_all(entry, gone ? Waiter::kClosed : Waiter::kReady, woken);
    }
}

// One event of one descriptor.
void deliver_event(FdEntry& entry, int fd, std::uint32_t ready, Woken& woken)
{
    const SpinGuard guard{entry.lock};
    std::uint32_t taken = 0;   // directions for which an exclusive waiter was woken
    std::uint32_t missed = 0;  // what the others wait for
    for (WaitNode* node = entry.head; node != nullptr;) {
        WaitNode& here = *node;
        node = here.next;
        if ((ready & (here.events | kAlways)) == 0) {
            missed |= here.events;
            continue;
        }
        if (here.exclusive && (ready & kAlways) == 0) {
            if ((taken & here.events) != 0) {
                continue;  // the one that was woken passes on
            }
            taken |= here.events;
        }
        unlink(entry, here);
        woken.add(end_wait(*here.waiter, Waiter::kReady));
    }
    if (missed != 0) {
        arm_for_all(entry, fd, missed, woken);
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
    poll_hooks = {poll_now, watch, deliver};
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
        error = arm(entry, fd, node.events | wanted_by_all(entry));
        if (error == ENOENT || error == EBADF) {
            // Closed, perhaps reused, unseen: those asleep wait for a file that is gone from here.
            forget_beliefs(entry);
            end_all(entry, Waiter::kClosed, woken);
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
            arm_for_all(entry, fd, wanted_by_all(entry), woken);
        }
    }
    woken.resume_all(self);
}

WakeCause sleep_for_descriptor(Thread& self, Waiter& waiter, WaitKind kind, int fd,
                               const Deadline* deadline) noexcept
{
    // seq_cst: before the look at who watches. An LWP that stops working announces itself, fences,
    // and looks at this.
    descriptor_sleepers.fetch_add(1, memory_order_seq_cst);
    find_watcher();
    const WakeCause cause = sleep_as(self, waiter, kind, static_cast<std::uint32_t>(fd), deadline);
    // relaxed: one look too many is harmless.
    descriptor_sleepers.fetch_sub(1, memory_order_relaxed);
    return cause;
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
        if (entry.registered.load(memory_order_relaxed) && owns_epoll_set()) {
            control_epoll(EPOLL_CTL_DEL, fd, 0, 0);
            entry.registered.store(false, memory_order_relaxed);  // relaxed: as above
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
        if (owns_epoll_set()) {
            end_all(entry, Waiter::kReady, woken);
        }
    }
    woken.resume_all(self);
}

void reset_poller_after_fork() noexcept
{
    drop_fd_table();
    reset_epoll_set();
    // relaxed, both: nobody else is here.
    descriptor_sleepers.store(0, memory_order_relaxed);       // relaxed: as above
    descriptor_watcher.store(nullptr, memory_order_relaxed);  // relaxed: as above
}

}  // namespace lt::io
