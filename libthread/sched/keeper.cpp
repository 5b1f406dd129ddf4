#include "sched/keeper.h"

#include "lwp/pool.h"
#include "os/futex.h"
#include "os/kernel_thread.h"
#include "os/syscall.h"
#include "sched/lwp_identity.h"

namespace lt {

constinit KernelRobustList robust_list{{0}, 0, {0}};
constinit Atomic<std::uint32_t> keeper_id{0};

namespace {

enum Stage : std::uint32_t { kOff, kStarting, kRunning };

// Off to starting by whoever starts it; the rest by the keeper or, on failure, the same starter.
constinit Atomic<std::uint32_t> stage{kOff};

void move_to(Stage next)
{
    stage.store(next, memory_order_release);  // release: pairs with start_keeper()
    os::futex_wake(&stage, 1 << 30, os::FutexScope::kPrivate);
}

void* keeper_main(void* argument)
{
    Lwp& lwp = *static_cast<Lwp*>(argument);
    take_lwp_identity(lwp, "lwp/keeper");
    lwp.state.store(LwpState::kHelper, memory_order_relaxed);  // relaxed: for lwpinspect
    // Refused by a filter of system calls: then deaths are noticed by those who wait.
    os::raw_syscall(SYS_set_robust_list, os::syscall_argument(&robust_list), sizeof(robust_list));
    keeper_id.store(os::kernel_thread_id(), memory_order_relaxed);  // relaxed: `stage` publishes it
    move_to(kRunning);
    for (;;) {
        lwp.parker.park();
    }
}

Error launch(long word_offset)
{
    Lwp* lwp = allocate_lwp();
    if (lwp == nullptr) {
        return Error::kNoMemory;
    }
    robust_list.word_offset = word_offset;
    // relaxed: the start of the task publishes it.
    robust_list.first.store(reinterpret_cast<std::uintptr_t>(&robust_list.first),
                            memory_order_relaxed);
    constexpr std::size_t kStack = 64 * 1024;
    const Error error = os::start_kernel_thread(keeper_main, lwp, kStack, &lwp->handle);
    if (error != Error::kNone) {
        release_lwp(*lwp);
    }
    return error;
}

}  // namespace

Error start_keeper(long word_offset) noexcept
{
    for (;;) {
        std::uint32_t seen = kOff;
        // acquire: a keeper that runs has published its id.
        if (stage.compare_exchange_strong(seen, kStarting, memory_order_acquire,
                                          memory_order_acquire)) {
            const Error error = launch(word_offset);
            if (error != Error::kNone) {
                move_to(kOff);
                return error;
            }
            seen = kStarting;
        }
        if (seen == kRunning) {
            return Error::kNone;
        }
        os::futex_wait(stage, kStarting, nullptr, os::FutexScope::kPrivate);
    }
}

void reset_keeper_after_fork() noexcept
{
    keeper_id.store(0, memory_order_relaxed);  // relaxed: nobody else is here
    stage.store(kOff, memory_order_relaxed);   // relaxed: as above
}

void rename_keeper(std::uint32_t id) noexcept
{
    // relaxed, all: nobody else runs here.
    robust_list.first.store(reinterpret_cast<std::uintptr_t>(&robust_list.first),
                            memory_order_relaxed);
    keeper_id.store(id, memory_order_relaxed);
}

}  // namespace lt
