// poll(2), select(2) and epoll_wait(2): an unbound thread waits without its LWP, with the signal
// mask that it gives for the wait. Everything else goes straight through.
#include <cerrno>

#include "base/check.h"
#include "base/compiler.h"
#include "io/multiplex.h"
#include "io/waiter.h"
#include "os/clock.h"
#include "os/real_calls.h"
#include "os/signal_mask.h"
#include "thread/signals.h"

namespace {

using lt::Deadline;

Deadline deadline_in(std::int64_t ns)
{
    return {lt::saturating_add(lt::os::monotonic_now(), ns), lt::Clock::kMonotonic};
}

int poll_for(pollfd* files, nfds_t count, int ms)
{
    lt::Thread* self = lt::io::parking_self();
    if (self == nullptr || ms == 0) {
        return lt::os::real_calls().poll(files, count, ms);
    }
    const Deadline deadline = ms > 0 ? deadline_in(std::int64_t{ms} * 1'000'000) : Deadline{};
    return lt::io::poll(*self, files, count, ms > 0 ? &deadline : nullptr);
}

// The calling thread if it is unbound and parks, or gives a mask, which concerns it alone.
lt::Thread* waiting_self(const sigset_t* mask)
{
    lt::Thread* self = lt::current_thread;
    if (mask == nullptr || self == nullptr || self->has(lt::kFlagBound) ||
        self->has(lt::kFlagIdle) || self->has(lt::kFlagVfork)) {
        return lt::io::parking_self();
    }
    return self;
}

// Whether the call may wait, or must look for signals that its mask opens.
bool is_wait(const std::timespec* time, const sigset_t* mask)
{
    return time == nullptr || (time->tv_sec >= 0 && lt::has_valid_nanos(*time) &&
                               (time->tv_sec != 0 || time->tv_nsec != 0 || mask != nullptr));
}

// The thread's mask for a wait; nullptr: no other than it has. Pending signals that it opens are
// handled at once, and end the wait.
class MaskForWait {
  public:
    MaskForWait(lt::Thread& self, const sigset_t* mask)
        : self_{self}, seen_{self}, before_{self.signal_mask}, changes_{mask != nullptr}
    {
        if (changes_) {
            lt::adopt_mask(self, lt::allowed_mask(lt::os::to_mask(*mask)));
        }
    }
    ~MaskForWait()
    {
        if (changes_) {
            const int saved_errno = errno;
            lt::adopt_mask(self_, before_);
            errno = saved_errno;
        }
    }
    MaskForWait(const MaskForWait&) = delete;
    MaskForWait& operator=(const MaskForWait&) = delete;

    [[nodiscard]] const lt::io::HandlersSeen* since() const { return changes_ ? &seen_ : nullptr; }

  private:
    lt::Thread& self_;
    lt::io::HandlersSeen seen_;
    std::uint64_t before_;
    bool changes_;
};

int poll_for(pollfd* files, nfds_t count, const std::timespec* time, const sigset_t* mask)
{
    lt::Thread* self = waiting_self(mask);
    if (self == nullptr || !is_wait(time, mask)) {
        return lt::os::real_calls().ppoll(files, count, time, mask);
    }
    const MaskForWait masked{*self, mask};
    const Deadline deadline = time != nullptr ? deadline_in(lt::to_nanos(*time)) : Deadline{};
    return lt::io::poll(*self, files, count, time != nullptr ? &deadline : nullptr, masked.since());
}

int select_for(int limit, fd_set* readable, fd_set* writable, fd_set* exceptional, timeval* time)
{
    lt::Thread* self = lt::io::parking_self();
    const bool waits = time == nullptr || (time->tv_sec >= 0 && time->tv_usec >= 0 &&
                                           (time->tv_sec != 0 || time->tv_usec != 0));
    if (self == nullptr || !waits) {
        return lt::os::real_calls().select(limit, readable, writable, exceptional, time);
    }
    if (time == nullptr) {
        return lt::io::select(*self, limit, readable, writable, exceptional, nullptr);
    }
    const std::timespec seconds{time->tv_sec, 0};
    const Deadline deadline = deadline_in(
        lt::saturating_add(time->tv_sec != 0 ? lt::to_nanos(seconds) : 0, time->tv_usec * 1000));
    const int result = lt::io::select(*self, limit, readable, writable, exceptional, &deadline);
    // As Linux does it: the time that is left.
    const std::int64_t left = deadline.ns - lt::os::monotonic_now();
    *time = left > 0 ? timeval{left / lt::kNanosPerSecond, left % lt::kNanosPerSecond / 1000}
                     : timeval{};
    return result;
}

// Sizes of buffers that _FORTIFY_SOURCE knows.
void check_room_for(nfds_t count, std::size_t bytes)
{
    LT_CHECK(bytes / sizeof(pollfd) >= count, "buffer overflow detected");
}

}  // namespace

LT_EXPORT int poll(pollfd* files, nfds_t count, int ms)
{
    return poll_for(files, count, ms);
}

LT_EXPORT int __poll(pollfd* files, nfds_t count, int ms)  // NOLINT: libc's name
{
    return poll_for(files, count, ms);
}

// NOLINTNEXTLINE: libc's name
LT_EXPORT int __poll_chk(pollfd* files, nfds_t count, int ms, size_t bytes)
{
    check_room_for(count, bytes);
    return poll_for(files, count, ms);
}

LT_EXPORT int ppoll(pollfd* files, nfds_t count, const std::timespec* time, const sigset_t* mask)
{
    return poll_for(files, count, time, mask);
}

// NOLINTNEXTLINE: libc's name
LT_EXPORT int __ppoll_chk(pollfd* files, nfds_t count, const std::timespec* time,
                          const sigset_t* mask, size_t bytes)
{
    check_room_for(count, bytes);
    return poll_for(files, count, time, mask);
}

LT_EXPORT int select(int limit, fd_set* readable, fd_set* writable, fd_set* exceptional,
                     timeval* time)
{
    return select_for(limit, readable, writable, exceptional, time);
}

// NOLINTNEXTLINE: libc's name
LT_EXPORT int __select(int limit, fd_set* readable, fd_set* writable, fd_set* exceptional,
                       timeval* time)
{
    return select_for(limit, readable, writable, exceptional, time);
}

LT_EXPORT int pselect(int limit, fd_set* readable, fd_set* writable, fd_set* exceptional,
                      const std::timespec* time, const sigset_t* mask)
{
    lt::Thread* self = waiting_self(mask);
    if (self == nullptr || !is_wait(time, mask)) {
        return lt::os::real_calls().pselect(limit, readable, writable, exceptional, time, mask);
    }
    const MaskForWait masked{*self, mask};
    const Deadline deadline = time != nullptr ? deadline_in(lt::to_nanos(*time)) : Deadline{};
    return lt::io::select(*self, limit, readable, writable, exceptional,
                          time != nullptr ? &deadline : nullptr, masked.since());
}

LT_EXPORT int epoll_wait(int fd, epoll_event* events, int most, int ms)
{
    lt::Thread* self = lt::io::parking_self();
    if (self == nullptr || ms == 0) {
        return lt::os::real_calls().epoll_wait(fd, events, most, ms);
    }
    const Deadline deadline = ms > 0 ? deadline_in(std::int64_t{ms} * 1'000'000) : Deadline{};
    return lt::io::epoll_wait(*self, fd, events, most, ms > 0 ? &deadline : nullptr);
}

LT_EXPORT int epoll_pwait(int fd, epoll_event* events, int most, int ms, const sigset_t* mask)
{
    lt::Thread* self = waiting_self(mask);
    if (self == nullptr || (ms == 0 && mask == nullptr)) {
        return lt::os::real_calls().epoll_pwait(fd, events, most, ms, mask);
    }
    const MaskForWait masked{*self, mask};
    const Deadline deadline = ms >= 0 ? deadline_in(std::int64_t{ms} * 1'000'000) : Deadline{};
    return lt::io::epoll_wait(*self, fd, events, most, ms >= 0 ? &deadline : nullptr,
                              masked.since());
}

LT_EXPORT int epoll_pwait2(int fd, epoll_event* events, int most, const std::timespec* time,
                           const sigset_t* mask)
{
    lt::Thread* self = waiting_self(mask);
    if (self == nullptr || !is_wait(time, mask)) {
        return lt::os::real_calls().epoll_pwait2(fd, events, most, time, mask);
    }
    const MaskForWait masked{*self, mask};
    const Deadline deadline = time != nullptr ? deadline_in(lt::to_nanos(*time)) : Deadline{};
    return lt::io::epoll_wait(*self, fd, events, most, time != nullptr ? &deadline : nullptr,
                              masked.since());
}
