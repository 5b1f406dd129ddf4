#include "io/epoll_set.h"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/resource.h>

#include <cerrno>

#include "io/closing.h"
#include "os/clock.h"
#include "os/spinlock.h"
#include "os/syscall.h"

namespace lt::io {
namespace {

// Guards the making of the two descriptors; leaf. Held over a few system calls, once.
constinit SpinLock start_lock;
// -1: not made. Written under the lock; read by all.
constinit Atomic<int> epoll_fd{-1};
constinit std::int32_t owner_pid = 0;  // of the descriptors

}  // namespace

int move_up(int fd) noexcept
{
    constexpr long kBeyondSelect = 1024;
    constexpr long kFromTheTop = 8;
    rlimit limit{};
    os::raw_syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, 0, os::syscall_argument(&limit));
    const long top = static_cast<long>(limit.rlim_cur) - kFromTheTop;
    const long moved = os::raw_syscall(SYS_fcntl, fd, F_DUPFD_CLOEXEC,
                                       top < 0 || top > kBeyondSelect ? kBeyondSelect : top);
    if (moved < 0) {
        return fd;
    }
    os::raw_syscall(SYS_close, fd);
    return static_cast<int>(moved);
}

namespace {

struct Files {
    long epoll;
    long bell;
};

void close_both(const Files& files)
{
    for (const long file : {files.epoll, files.bell}) {
        if (file >= 0) {
            os::raw_syscall(SYS_close, file);
        }
    }
}

// False: nothing is left open.
bool make(Files& files, unsigned rings)
{
    files.epoll = os::raw_syscall(SYS_epoll_create1, EPOLL_CLOEXEC);
    files.bell = os::raw_syscall(SYS_eventfd2, rings, EFD_CLOEXEC | EFD_NONBLOCK);
    if (files.epoll < 0 || files.bell < 0) {
        close_both(files);
        return false;
    }
    return true;
}

bool hang_bell(const Files& files)
{
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = kBell;
    return os::raw_syscall(SYS_epoll_ctl, files.epoll, EPOLL_CTL_ADD, files.bell,
                           os::syscall_argument(&event)) == 0;
}

}  // namespace

void make_room_in_descriptor_table() noexcept
{
    const long file = os::raw_syscall(SYS_epoll_create1, EPOLL_CLOEXEC);
    if (file >= 0) {
        os::raw_syscall(SYS_close, move_up(static_cast<int>(file)));
    }
}

bool open_epoll_set() noexcept
{
    // acquire: pairs with the store below.
    if (LT_LIKELY(epoll_fd.load(memory_order_acquire) >= 0)) {
        return true;
    }
    const SpinGuard guard{start_lock};
    if (epoll_fd.load(memory_order_relaxed) >= 0) {  // relaxed: under the lock
        return true;
    }
    Files files;
    if (!make(files, 0)) {
        return false;
    }
    if (!hang_bell(files)) {
        close_both(files);
        return false;
    }
    Parker::set_bell(move_up(static_cast<int>(files.bell)));
    // release: whoever uses it finds the bell hung.
    epoll_fd.store(move_up(static_cast<int>(files.epoll)), memory_order_release);
    return true;
}

long control_epoll(int operation, int fd, std::uint32_t events, std::uint64_t data) noexcept
{
    epoll_event event{};
    event.events = events;
    event.data.u64 = data;
    // acquire: pairs with open_epoll_set().
    return os::raw_syscall(SYS_epoll_ctl, epoll_fd.load(memory_order_acquire), operation, fd,
                           os::syscall_argument(&event));
}

int wait_for_events(ReadyEvents& ready, std::int64_t until) noexcept
{
    std::timespec timeout{};
    if (until > 1) {
        const std::int64_t left = until - os::monotonic_now();
        if (left > 0) {
            timeout = {left / kNanosPerSecond, left % kNanosPerSecond};
        }
    }
    // acquire: pairs with open_epoll_set().
    const int file = epoll_fd.load(memory_order_acquire);
    long count =
        os::raw_syscall(SYS_epoll_pwait2, file, os::syscall_argument(&ready.events[0]),
                        ReadyEvents::kMost, until != 0 ? os::syscall_argument(&timeout) : 0, 0, 8);
    if (count == -ENOSYS) {
        const long ms =
            until == 0 ? -1 : timeout.tv_sec * 1000 + (timeout.tv_nsec + 999'999) / 1'000'000;
        count = os::raw_syscall(SYS_epoll_wait, file, os::syscall_argument(&ready.events[0]),
                                ReadyEvents::kMost, ms);
    }
    ready.count = count > 0 ? static_cast<int>(count) : 0;
    return static_cast<int>(count);
}

void quiet_bell(const ReadyEvents& ready) noexcept
{
    for (int i = 0; i < ready.count; ++i) {
        if (is_bell(ready.events[i])) {
            std::uint64_t rings = 0;
            os::raw_syscall(SYS_read, Parker::bell(), os::syscall_argument(&rings), sizeof(rings));
        }
    }
}

std::array<int, 2> own_fds() noexcept
{
    // acquire: pairs with open_epoll_set().
    const int file = epoll_fd.load(memory_order_acquire);
    return {file, file >= 0 ? Parker::bell() : -1};
}

bool is_own_fd(int fd) noexcept
{
    const auto [file, bell] = own_fds();
    return fd >= 0 && (fd == file || fd == bell) && owns_descriptors();
}

void vacate_fd(int fd) noexcept
{
    const SpinGuard guard{start_lock};
    // relaxed: changed under the lock only.
    const int file = epoll_fd.load(memory_order_relaxed);
    const long copy = os::raw_syscall(SYS_fcntl, fd, F_DUPFD_CLOEXEC, fd + 1);
    if (copy < 0) {
        return;
    }
    // A call on its way uses the old number once more: it fails, or meets the program's file, and
    // is made again.
    if (fd == file) {
        epoll_fd.store(static_cast<int>(copy), memory_order_release);  // release: as when opened
    } else {
        Parker::set_bell(static_cast<int>(copy));
    }
}

bool has_epoll_set() noexcept
{
    // relaxed: who uses it looks again.
    return epoll_fd.load(memory_order_relaxed) >= 0;
}

void claim_descriptors() noexcept
{
    owner_pid = os::process_id();
}

bool owns_descriptors() noexcept
{
    // A child of vfork is known by the flag of the thread that it runs on: most ask no further.
    const Thread* self = current_thread;
    return (self != nullptr && !self->has(kFlagVfork)) || owner_pid == os::process_id();
}

bool renew_epoll_set() noexcept
{
    const auto [epoll, bell] = own_fds();
    Files fresh;
    if (!make(fresh, 1)) {
        return false;
    }
    const bool renewed = os::raw_syscall(SYS_dup3, fresh.epoll, epoll, O_CLOEXEC) >= 0 &&
                         os::raw_syscall(SYS_dup3, fresh.bell, bell, O_CLOEXEC) >= 0;
    close_both(fresh);
    return renewed && hang_bell({epoll, bell});
}

void reset_epoll_set() noexcept LT_NO_TSA
{
    // relaxed: nobody else is here.
    const int file = epoll_fd.exchange(-1, memory_order_relaxed);
    if (file >= 0) {
        os::raw_syscall(SYS_close, file);
        os::raw_syscall(SYS_close, Parker::bell());
    }
    Parker::set_bell(-1);
    claim_descriptors();
    start_lock.unlock();
}

}  // namespace lt::io
