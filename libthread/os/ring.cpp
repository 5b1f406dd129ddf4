#include "os/ring.h"

#include <linux/io_uring.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include <cerrno>
#include <cstdint>

#include "base/atomic.h"
#include "os/syscall.h"

namespace lt::os {
namespace {

constexpr std::uint32_t kRequests = 2;

// What is wanted of an io_uring_cqe, which ends in an array of open length.
struct Completion {
    std::uint64_t request;
    std::int32_t result;
};

// A filter made for the program's own system calls may kill for this one.
bool is_filtered()
{
    return raw_syscall(SYS_prctl, PR_GET_SECCOMP) != 0;
}

// A piece of memory that the kernel shares.
class Shared {
  public:
    Shared(long ring, std::size_t size, long offset)
        : size_{size},
          address_{raw_syscall(SYS_mmap, 0, static_cast<long>(size), PROT_READ | PROT_WRITE,
                               MAP_SHARED | MAP_POPULATE, ring, offset)}
    {
    }
    Shared(const Shared&) = delete;
    Shared& operator=(const Shared&) = delete;
    ~Shared()
    {
        if (is_mapped()) {
            raw_syscall(SYS_munmap, address_, static_cast<long>(size_));
        }
    }
    [[nodiscard]] bool is_mapped() const { return address_ > 0; }

    template <class T>
    [[nodiscard]] T* at(std::size_t offset) const
    {
        return reinterpret_cast<T*>(address_ + static_cast<long>(offset));
    }

  private:
    std::size_t size_;
    long address_;
};

// One ring for one call: whoever makes it waits for the network anyway.
class Ring {
  public:
    Ring()
        : fd_{is_filtered()
                  ? -1
                  : raw_syscall(SYS_io_uring_setup, kRequests, syscall_argument(&parameters_))}
    {
    }
    Ring(const Ring&) = delete;
    Ring& operator=(const Ring&) = delete;
    ~Ring()
    {
        if (fd_ >= 0) {
            raw_syscall(SYS_close, fd_);
        }
    }
    // Both queues in one piece: older kernels are left alone.
    [[nodiscard]] bool works() const
    {
        return fd_ >= 0 && (parameters_.features & IORING_FEAT_SINGLE_MMAP) != 0;
    }

    // Makes the requests, in order, and waits until each has its completion. False: none was made.
    bool run(const io_uring_sqe (&requests)[kRequests], Completion (&completions)[kRequests])
    {
        const auto& sq = parameters_.sq_off;
        const auto& cq = parameters_.cq_off;
        const std::size_t submissions = sq.array + parameters_.sq_entries * sizeof(std::uint32_t);
        const std::size_t size = cq.cqes + parameters_.cq_entries * sizeof(io_uring_cqe);
        const Shared queues{fd_, size > submissions ? size : submissions, IORING_OFF_SQ_RING};
        const Shared entries{fd_, parameters_.sq_entries * sizeof(io_uring_sqe), IORING_OFF_SQES};
        if (!queues.is_mapped() || !entries.is_mapped()) {
            return false;
        }
        for (std::uint32_t i = 0; i < kRequests; ++i) {
            entries.at<io_uring_sqe>(0)[i] = requests[i];
            queues.at<std::uint32_t>(sq.array)[i] = i;
        }
        // release: the kernel finds the requests complete.
        queues.at<Atomic<std::uint32_t>>(sq.tail)->store(kRequests, memory_order_release);
        long left = kRequests;
        const auto* done = queues.at<Atomic<std::uint32_t>>(cq.tail);
        while (done->load(memory_order_acquire) < kRequests) {  // acquire: completions are written
            const long taken =
                raw_syscall(SYS_io_uring_enter, fd_, left, kRequests, IORING_ENTER_GETEVENTS, 0, 0);
            if (taken < 0 && taken != -EINTR && left == kRequests) {
                return false;
            }
            left -= taken > 0 ? taken : 0;
        }
        for (std::uint32_t i = 0; i < kRequests; ++i) {
            const auto& entry = queues.at<io_uring_cqe>(cq.cqes)[i];
            completions[i] = {entry.user_data, entry.res};
        }
        return true;
    }

  private:
    io_uring_params parameters_{};
    long fd_;
};

}  // namespace

long begin_connect(int fd, const sockaddr* address, socklen_t length) noexcept
{
    constexpr std::uint64_t kConnecting = 1;
    Ring ring;
    if (!ring.works()) {
        return -ENOSYS;
    }
    // The ring tries without waiting, and then waits for the socket by itself: that is called off.
    io_uring_sqe requests[kRequests] = {};
    requests[0].opcode = IORING_OP_CONNECT;
    requests[0].fd = fd;
    requests[0].addr = reinterpret_cast<std::uintptr_t>(address);
    requests[0].off = length;
    requests[0].user_data = kConnecting;
    requests[1].opcode = IORING_OP_ASYNC_CANCEL;
    requests[1].fd = -1;
    requests[1].addr = kConnecting;
    Completion completions[kRequests];
    if (!ring.run(requests, completions)) {
        return -ENOSYS;
    }
    const long result = completions[completions[0].request == kConnecting ? 0 : 1].result;
    return result == -ECANCELED ? -EINPROGRESS : result;
}

}  // namespace lt::os
