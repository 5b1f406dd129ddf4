#include "os/kernel_thread.h"

#include <linux/membarrier.h>
#include <sys/prctl.h>

#include <atomic>
#include <csignal>

#include "os/signal_mask.h"
#include "os/syscall.h"
#include "os/text.h"

namespace lt::os {

Error start_kernel_thread(void* (*entry)(void*), void* argument, std::size_t stack_size,
                          pthread_t* handle) noexcept
{
    pthread_attr_t attributes;
    if (::pthread_attr_init(&attributes) != 0) {
        return Error::kNoMemory;
    }
    ::pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    int result = ::pthread_attr_setstacksize(&attributes, stack_size);
    if (result == 0) {
        // The new task inherits this mask: nothing is delivered before it has a thread to carry.
        const std::uint64_t before = set_kernel_mask(kAllSignals);
        result = ::pthread_create(handle, &attributes, entry, argument);
        set_kernel_mask(before);
    }
    ::pthread_attr_destroy(&attributes);
    if (result == 0) {
        return Error::kNone;
    }
    return result == ENOMEM ? Error::kNoMemory : result == EINVAL ? Error::kInvalid : Error::kLimit;
}

// The task itself: pthread_setname_np is the program's, and of its threads.
void name_kernel_thread(const char* name) noexcept
{
    raw_syscall(SYS_prctl, PR_SET_NAME, syscall_argument(name));
}

void name_kernel_thread(const char* prefix, unsigned number) noexcept
{
    constexpr std::size_t kLongestPrefix = 9;
    char name[kLongestPrefix + 11] = {};  // the kernel takes 15 letters of it
    std::size_t used = 0;
    while (prefix[used] != '\0' && used < kLongestPrefix) {
        name[used] = prefix[used];
        ++used;
    }
    put_number(name + used, number);
    raw_syscall(SYS_prctl, PR_SET_NAME, syscall_argument(&name[0]));
}

void raise_here(int signal) noexcept
{
    std::uint32_t id = 0;
    do {
        id = kernel_thread_id();
        raw_syscall(SYS_tgkill, process_id(), static_cast<long>(id), signal);
    } while (kernel_thread_id() != id);
}

bool start_process_wide_fence() noexcept
{
    return raw_syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED) == 0;
}

bool process_wide_fence() noexcept
{
    std::atomic_thread_fence(std::memory_order_seq_cst);
    return raw_syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED) == 0;
}

}  // namespace lt::os
