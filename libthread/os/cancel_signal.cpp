#include "os/cancel_signal.h"

#include <csignal>

#include "os/kernel_action.h"
#include "os/signal_mask.h"

namespace lt::os {

void keep_cancel_signal_open() noexcept
{
    KernelAction action{};
    if (!get_kernel_action(kCancelSignal, action) || action.handler == nullptr ||
        (action.flags & SA_NODEFER) != 0) {
        return;
    }
    action.flags |= SA_NODEFER;
    set_kernel_action(kCancelSignal, action);
}

}  // namespace lt::os
