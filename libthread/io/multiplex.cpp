#include "io/multiplex.h"

#include <cerrno>
#include <cstring>

#include "io/call.h"
#include "io/poller.h"
#include "os/clock.h"
#include "os/real_calls.h"
#include "os/signal_mask.h"
#include "os/syscall.h"
#include "sched/clock_lwp.h"
#include "sched/critical.h"
#include "sched/held_lwp.h"
#include "sync/cancellation.h"
#include "sync/sleep_queue.h"

namespace lt::io {
namespace {

// Waits for more are left to the kernel: arming each would cost more than an LWP.
constexpr std::size_t kMostDescriptors = 32;

enum class SleepEnd : std::uint8_t { kLookAgain, kTimedOut, kInterrupted, kUnpollable };

// The descriptors of one call. All nodes lead to one waiter; each is woken with the others.
class WaitSet {
  public:
    // False: it is full.
    bool add(int fd, std::uint32_t events)
    {
        if (size_ == kMostDescriptors) {
            return false;
        }
        fds_[size_] = fd;
        nodes_[size_].events = events;
        ++size_;
        return true;
    }

    SleepEnd sleep(Thread& self, const Deadline* deadline, const HandlersSeen& before)
    {
        Waiter waiter{&self};
        enter_critical(self);
        if (before.interrupt(self, false)) {
            leave_critical(self);
            return SleepEnd::kInterrupted;
        }
        std::size_t joined = 0;
        int error = 0;
        while (joined < size_ && error == 0) {
            nodes_[joined].waiter = &waiter;
            error = join_waiters(self, nodes_[joined], fds_[joined]);
            joined += error == 0 ? 1 : 0;
        }
        WakeCause cause = WakeCause::kWoken;
        if (error == 0) {
            cause = size_ != 0 ? sleep_for_descriptor(self, waiter, WaitKind::kPoll,
                                                      static_cast<std::uint32_t>(fds_[0]), deadline)
                               : sleep_alone(self, WaitKind::kPoll, deadline, now_roughly());
        }
        for (std::size_t i = 0; i < joined; ++i) {
            static_cast<void>(leave_waiters(nodes_[i]));
        }
        leave_critical(self);  // pending handlers run here
        if (error != 0 && error != EBADF && error != ESTALE) {
            return SleepEnd::kUnpollable;
        }
        return cause == WakeCause::kTimedOut ? SleepEnd::kTimedOut : SleepEnd::kLookAgain;
    }

  private:
    WaitNode nodes_[kMostDescriptors];
    int fds_[kMostDescriptors] = {};
    std::size_t size_ = 0;
};

// What is left until then; nullptr for ever.
const std::timespec* time_left(const Deadline* deadline, std::timespec& left)
{
    if (deadline == nullptr) {
        return nullptr;
    }
    const std::int64_t ns = deadline->ns - os::now(deadline->clock);
    left = ns > 0 ? std::timespec{ns / kNanosPerSecond, ns % kNanosPerSecond} : std::timespec{};
    return &left;
}

int as_libc(long result)
{
    return static_cast<int>(finish(result));
}

// A wait in the kernel, by `block`, which takes a mask for it. With `since` everything is blocked,
// the library's own signals too, until the kernel sets the thread's mask: no handler can run
// between the look and the wait.
template <class Block>
int wait_in_kernel(Thread& self, const HandlersSeen* since, Block block)
{
    expect_to_block(self);
    if (since == nullptr) {
        return block(nullptr);
    }
    os::set_kernel_mask(~std::uint64_t{0});
    const std::uint64_t mask = self.signal_mask;
    int result = -1;
    errno = EINTR;
    if (!since->interrupt(self, false)) {
        sigset_t set;
        os::from_mask(mask, set);
        result = block(&set);
    }
    // A handler has left the thread with the mask that the kernel gave back.
    enter_critical(self);
    self.signal_mask = mask;
    self.lwp->kernel_mask = mask;
    os::set_kernel_mask(mask);
    leave_critical(self);
    return result;
}

// Looks, and sleeps in between. `look` returns 0 for nothing; `block` is libc's function.
template <class Look, class Block>
int wait_for_one(Thread& self, WaitSet* set, const Deadline* deadline, const HandlersSeen* since,
                 Look look, Block block)
{
    act_on_cancellation(self);
    const HandlersSeen before = since != nullptr ? *since : HandlersSeen{self};
    for (bool late = false;;) {
        const long result = look();
        if (result != 0 || late) {
            return as_libc(result);
        }
        if (set == nullptr || !can_park_here(self)) {
            return wait_in_kernel(self, since, block);
        }
        switch (set->sleep(self, deadline, before)) {
            case SleepEnd::kLookAgain:
                act_on_cancellation(self);
                break;
            case SleepEnd::kTimedOut:
                late = true;
                break;
            case SleepEnd::kInterrupted:
                return as_libc(-EINTR);
            case SleepEnd::kUnpollable:
                return wait_in_kernel(self, since, block);
        }
    }
}

constexpr int kMostBits = FD_SETSIZE;

// The three sets of a select, of which the kernel gets copies.
struct Sets {
    static constexpr std::size_t kWords = kMostBits / (8 * sizeof(long));

    void copy(int limit, fd_set* const (&from)[3])
    {
        bytes = static_cast<std::size_t>(limit + 63) / 64 * 8;
        for (int i = 0; i < 3; ++i) {
            if (from[i] != nullptr) {
                std::memcpy(words[i], from[i], bytes);
            }
        }
    }
    void give(fd_set* const (&to)[3]) const
    {
        for (int i = 0; i < 3; ++i) {
            if (to[i] != nullptr) {
                std::memcpy(to[i], words[i], bytes);
            }
        }
    }
    [[nodiscard]] bool has(int set, int fd) const
    {
        return (words[set][fd / 64] >> (fd % 64) & 1) != 0;
    }

    unsigned long words[3][kWords] = {};
    std::size_t bytes = 0;
};

// False: too many.
bool add_all(WaitSet& set, const Sets& sets, int limit)
{
    constexpr std::uint32_t kEvents[3] = {EPOLLIN | EPOLLRDNORM | EPOLLRDBAND,
                                          EPOLLOUT | EPOLLWRNORM | EPOLLWRBAND, EPOLLPRI};
    for (int fd = 0; fd < limit; ++fd) {
        std::uint32_t events = 0;
        for (int i = 0; i < 3; ++i) {
            events |= sets.has(i, fd) ? kEvents[i] : 0;
        }
        if (events != 0 && !set.add(fd, events)) {
            return false;
        }
    }
    return true;
}

struct EpollWaiting : Call {
    EpollWaiting(Thread& thread, int descriptor, epoll_event* where, int room,
                 const Deadline* until, const HandlersSeen* seen)
        : Call{descriptor, EPOLLIN, WaitKind::kEpoll}, self{thread}, found{where}, most{room}
    {
        since = seen;
        restarts = false;
        obeys_nonblock = false;
        timed = until != nullptr;
        deadline = timed ? *until : Deadline{};
        attempt = [](Call& call) -> long {
            const auto& own = static_cast<EpollWaiting&>(call);
            const long count = os::raw_syscall(SYS_epoll_pwait, own.fd,
                                               os::syscall_argument(own.found), own.most, 0, 0, 8);
            return count != 0 ? count : -EAGAIN;
        };
        block = [](Call& call) -> long {
            const auto& own = static_cast<EpollWaiting&>(call);
            std::timespec left{};
            const std::timespec* time = time_left(own.timed ? &own.deadline : nullptr, left);
            const long ms =
                time == nullptr ? -1 : time->tv_sec * 1000 + (time->tv_nsec + 999'999) / 1'000'000;
            return wait_in_kernel(own.self, own.since, [&](const sigset_t* mask) {
                return os::real_calls().epoll_pwait(
                    own.fd, own.found, own.most,
                    ms > 0x7fffffff ? 0x7fffffff : static_cast<int>(ms), mask);
            });
        };
    }

    Thread& self;
    epoll_event* found;
    int most;
};

}  // namespace

int poll(Thread& self, pollfd* files, nfds_t count, const Deadline* deadline,
         const HandlersSeen* since)
{
    WaitSet set;
    bool fits = count <= kMostDescriptors;
    for (nfds_t i = 0; fits && i < count; ++i) {
        fits = files[i].fd < 0 || set.add(files[i].fd, static_cast<std::uint16_t>(files[i].events));
    }
    return wait_for_one(
        self, fits ? &set : nullptr, deadline, since,
        [=] {
            return os::raw_syscall(SYS_poll, os::syscall_argument(files), static_cast<long>(count),
                                   0);
        },
        [=](const sigset_t* mask) {
            std::timespec left{};
            return os::real_calls().ppoll(files, count, time_left(deadline, left), mask);
        });
}

int select(Thread& self, int limit, fd_set* readable, fd_set* writable, fd_set* exceptional,
           const Deadline* deadline, const HandlersSeen* since)
{
    fd_set* const user[3] = {readable, writable, exceptional};
    const auto block = [=](const sigset_t* mask) {
        std::timespec left{};
        return os::real_calls().pselect(limit, readable, writable, exceptional,
                                        time_left(deadline, left), mask);
    };
    if (limit < 0 || limit > kMostBits) {
        return wait_in_kernel(self, since, block);
    }
    Sets wanted;
    wanted.copy(limit, user);
    WaitSet set;
    const bool fits = add_all(set, wanted, limit);
    const auto look = [&] {
        Sets found = wanted;
        const std::timespec none{};
        const auto argument = [&](int i) {
            return user[i] != nullptr ? os::syscall_argument(&found.words[i][0]) : 0;
        };
        const long count = os::raw_syscall(SYS_pselect6, limit, argument(0), argument(1),
                                           argument(2), os::syscall_argument(&none), 0);
        if (count > 0) {
            found.give(user);
        }
        return count;
    };
    const int count = wait_for_one(self, fits ? &set : nullptr, deadline, since, look, block);
    if (count == 0) {
        Sets none;
        none.bytes = wanted.bytes;
        none.give(user);
    }
    return count;
}

int epoll_wait(Thread& self, int fd, epoll_event* events, int most, const Deadline* deadline,
               const HandlersSeen* since)
{
    EpollWaiting call{self, fd, events, most, deadline, since};
    const long result = perform(self, call);
    return as_libc(result == -EAGAIN ? 0 : result);
}

}  // namespace lt::io
