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

// futex(2)'s arguments for a wait until then.
struct Wait {
    Wait(const Deadline* deadline, FutexScope scope)
    {
        if (scope == FutexScope::kPrivate) {
            operation |= FUTEX_PRIVATE_FLAG;
        }
        if (deadline != nullptr) {
            if (deadline->clock == Clock::kRealtime) {
                operation |= FUTEX_CLOCK_REALTIME;
            }
            until.tv_sec = deadline->ns / kNanosPerSecond;
            until.tv_nsec = deadline->ns % kNanosPerSecond;
        }
    }

    int operation = FUTEX_WAIT_BITSET;
    std::timespec until{};
};

int outcome_of(long result)
{
    return result == -ETIMEDOUT || result == -EINTR ? static_cast<int>(-result) : 0;
}

}  // namespace

int futex_wait(const Atomic<std::uint32_t>& word, std::uint32_t expected, const Deadline* deadline,
               FutexScope scope) noexcept
{
    Wait wait{deadline, scope};
    return outcome_of(raw_syscall(SYS_futex, address_of(&word), wait.operation,
                                  static_cast<long>(expected),
                                  deadline != nullptr ? syscall_argument(&wait.until) : 0, 0,
                                  static_cast<long>(FUTEX_BITSET_MATCH_ANY)));
}

int futex_wait_unless_changed(const Atomic<std::uint32_t>& word, std::uint32_t expected,
                              const Deadline& deadline, FutexScope scope,
                              const arch::Watched (&watched)[2]) noexcept
{
    const Wait wait{&deadline, scope};
    return outcome_of(
        arch::arch_wait_unless_changed(&word, wait.operation, expected, &wait.until, watched));
}

int futex_wake(const Atomic<std::uint32_t>* word, int count, FutexScope scope) noexcept
{
    const int operation =
        scope == FutexScope::kPrivate ? FUTEX_WAKE | FUTEX_PRIVATE_FLAG : FUTEX_WAKE;
    const long result = raw_syscall(SYS_futex, address_of(word), operation, count);
    return result > 0 ? static_cast<int>(result) : 0;
}

}  // namespace lt::os
