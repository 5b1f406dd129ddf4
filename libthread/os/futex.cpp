#include "os/futex.h"

#include <linux/futex.h>

#include <cerrno>
#include <ctime>

#include "os/syscall.h"

namespace lt::os {
namespace {

// The kernel wants a 32-bit word at a plain address; a lock-free atomic is just that.
long address_of(const Atomic<std::uint32_t>* word)
{
    return reinterpret_cast<long>(word);
}

}  // namespace

int futex_wait(const Atomic<std::uint32_t>& word, std::uint32_t expected, const Deadline* deadline,
               FutexScope scope) noexcept
{
    int operation = FUTEX_WAIT_BITSET;
    if (scope == FutexScope::kPrivate) {
        operation |= FUTEX_PRIVATE_FLAG;
    }
    std::timespec until{};
    if (deadline != nullptr) {
        if (deadline->clock == Clock::kRealtime) {
            operation |= FUTEX_CLOCK_REALTIME;
        }
        until.tv_sec = deadline->ns / kNanosPerSecond;
        until.tv_nsec = deadline->ns % kNanosPerSecond;
    }
    const long result =
        raw_syscall(SYS_futex, address_of(&word), operation, static_cast<long>(expected),
                    deadline != nullptr ? syscall_argument(&until) : 0, 0,
                    static_cast<long>(FUTEX_BITSET_MATCH_ANY));
    if (result == -ETIMEDOUT || result == -EINTR) {
        return static_cast<int>(-result);
    }
    return 0;
}

int futex_wake(const Atomic<std::uint32_t>* word, int count, FutexScope scope) noexcept
{
    const int operation =
        scope == FutexScope::kPrivate ? FUTEX_WAKE | FUTEX_PRIVATE_FLAG : FUTEX_WAKE;
    const long result = raw_syscall(SYS_futex, address_of(word), operation, count);
    return result > 0 ? static_cast<int>(result) : 0;
}

}  // namespace lt::os
