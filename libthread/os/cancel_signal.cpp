#include "os/cancel_signal.h"

#include <csignal>
#include <cstdint>

#include "os/syscall.h"

namespace lt::os {
namespace {

constexpr int kCancelSignal = 32;

struct KernelAction {
    void (*handler)(int, siginfo_t*, void*);
    unsigned long flags;
    void (*restorer)();
    std::uint64_t mask;
};

}  // namespace

void keep_cancel_signal_open() noexcept
{
    KernelAction action{};
    if (raw_syscall(SYS_rt_sigaction, kCancelSignal, 0, syscall_argument(&action),
                    sizeof(action.mask)) != 0 ||
        action.handler == nullptr || (action.flags & SA_NODEFER) != 0) {
        return;
    }
    action.flags |= SA_NODEFER;
    raw_syscall(SYS_rt_sigaction, kCancelSignal, syscall_argument(&action), 0, sizeof(action.mask));
}

}  // namespace lt::os
