#include "os/signal_watch.h"

#include <linux/close_range.h>
#include <poll.h>
#include <sys/signalfd.h>

#include "os/syscall.h"

namespace lt::os {
namespace {

// The calling task leaves the process's table of descriptors for an empty one.
bool leave_descriptors()
{
    return raw_syscall(SYS_close_range, 0, static_cast<long>(~0U), CLOSE_RANGE_UNSHARE) == 0;
}

}  // namespace

bool SignalWatch::set(std::uint64_t signals) noexcept
{
    if (file_ >= 0 && signals == signals_) {
        return true;
    }
    if (file_ < 0 && !leave_descriptors()) {
        return false;
    }
    const long file = raw_syscall(SYS_signalfd4, file_, syscall_argument(&signals), sizeof(signals),
                                  SFD_CLOEXEC | SFD_NONBLOCK);
    if (file < 0) {
        return false;
    }
    file_ = file;
    signals_ = signals;
    return true;
}

void SignalWatch::sleep(std::uint64_t mask) const noexcept
{
    pollfd wait{static_cast<int>(file_), POLLIN, 0};
    raw_syscall(SYS_ppoll, syscall_argument(&wait), 1, 0, syscall_argument(&mask), sizeof(mask));
}

}  // namespace lt::os
