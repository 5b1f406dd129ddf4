#include "os/process_copy.h"

#include <sched.h>
#include <sys/prctl.h>

#include <csignal>

#include "arch/context.h"
#include "arch/cpu.h"
#include "base/atomic.h"
#include "base/compiler.h"
#include "os/every_task.h"
#include "os/futex.h"
#include "os/kernel_thread.h"
#include "os/syscall.h"
#include "os/tcb.h"

namespace lt::os {
namespace {

// The kernel's struct sched_attr, as of its first version.
struct Scheduling {
    std::uint32_t size;
    std::uint32_t policy;
    std::uint64_t flags;
    std::int32_t nice;
    std::uint32_t priority;
    std::uint64_t runtime;
    std::uint64_t deadline;
    std::uint64_t period;
};

// What the kernel keeps for a task beside what a handler's frame holds.
struct KernelState {
    std::uintptr_t id_address = 0;  // where it clears the id at the task's end
    std::uintptr_t robust_list = 0;
    std::size_t robust_size = 0;
    std::uint64_t cpus[16] = {};
    long cpus_size = 0;
    Scheduling scheduling{};
    char name[16] = {};
};

// Lies on the stack of the stopped task, in its handler's frame.
struct Image {
    const ucontext_t* interrupted = nullptr;
    void* thread_pointer = nullptr;
    std::uint64_t signals = 0;
    std::uint32_t id_in_copy = 0;
    KernelState kernel;
};

// By the task's number; written by its handler before it settles.
constinit Image* images[kMostTasks];
constinit StopRules stop_rules{};
constinit std::uint32_t own_id_in_copy = 0;
// How often the tasks were let go. Written by the caller, read by those that wait for a change.
constinit Atomic<std::uint32_t> releases{0};
// In the copy: 1 when its tasks may go on.
constinit Atomic<std::uint32_t> started{0};

bool note_place_of_id(KernelState& state)
{
    return raw_syscall(SYS_prctl, PR_GET_TID_ADDRESS, syscall_argument(&state.id_address)) == 0 &&
           raw_syscall(SYS_get_robust_list, 0, syscall_argument(&state.robust_list),
                       syscall_argument(&state.robust_size)) == 0;
}

void note_state(KernelState& state)
{
    note_place_of_id(state);
    state.cpus_size =
        raw_syscall(SYS_sched_getaffinity, 0, sizeof(state.cpus), syscall_argument(state.cpus));
    raw_syscall(SYS_sched_getattr, 0, syscall_argument(&state.scheduling), sizeof(state.scheduling),
                0);
    raw_syscall(SYS_prctl, PR_GET_NAME, syscall_argument(state.name));
}

void take_robust_list(const KernelState& state)
{
    if (state.robust_list != 0) {
        raw_syscall(SYS_set_robust_list, static_cast<long>(state.robust_list),
                    static_cast<long>(state.robust_size));
    }
}

// What is refused, such as a priority that takes a privilege, stays as inherited from the caller.
void take_state(const KernelState& state)
{
    take_robust_list(state);
    if (state.cpus_size > 0) {
        raw_syscall(SYS_sched_setaffinity, 0, state.cpus_size, syscall_argument(state.cpus));
    }
    if (state.scheduling.size != 0) {
        raw_syscall(SYS_sched_setattr, 0, syscall_argument(&state.scheduling), 0);
    }
    raw_syscall(SYS_prctl, PR_SET_NAME, syscall_argument(state.name));
    tcb_renew_rseq();
}

// glibc knows a pthread by its kernel id, kept where the kernel clears it. Something else may be
// there for a task that is about to end.
void replace_id(const KernelState& state, std::uint32_t from, std::uint32_t to)
{
    auto* word = reinterpret_cast<std::uint32_t*>(state.id_address);
    if (word != nullptr && *word == from) {
        *word = to;
    }
}

// The question to each task.
LT_NOINLINE void stop_here(std::uint32_t task, ucontext_t& interrupted)
{
    if (!stop_rules.may_stop(interrupted)) {
        settle(task, Answer::kLater);
        return;
    }
    Image image;
    image.interrupted = &interrupted;
    image.thread_pointer = arch::thread_pointer();
    image.signals = stop_rules.signals_for_copy();
    note_state(image.kernel);
    images[task] = &image;
    const std::uint32_t before = releases.load(memory_order_relaxed);  // relaxed: settle() orders
    settle(task, Answer::kDone);
    // acquire: whatever the caller did meanwhile.
    while (releases.load(memory_order_acquire) == before) {
        futex_wait(releases, before, nullptr, FutexScope::kPrivate);
    }
}

// A new task of the copy, on the stack of the one that it stands for, below what that needs.
int run_again(void* argument) noexcept
{
    const Image& image = *static_cast<const Image*>(argument);
    take_state(image.kernel);
    while (started.load(memory_order_acquire) == 0) {  // acquire: all that was mended
        futex_wait(started, 0, nullptr, FutexScope::kPrivate);
    }
    for (int signal = 1; signal <= 64; ++signal) {
        if ((image.signals >> (signal - 1) & 1U) != 0) {
            raise_here(signal);
        }
    }
    arch_return_from_handler(image.interrupted);
}

bool make_task(Image& image, std::uint32_t id)
{
    constexpr int kFlags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |
                           CLONE_SYSVSEM | CLONE_SETTLS | CLONE_CHILD_CLEARTID;
    // The frames of the handler below the image's are those of a task that does not exist here.
    constexpr std::uintptr_t kBelow = 256;
    const std::uintptr_t stack =
        (reinterpret_cast<std::uintptr_t>(&image) - kBelow) & ~std::uintptr_t{15};
    auto* word = reinterpret_cast<pid_t*>(image.kernel.id_address);
    const int made = ::clone(run_again, reinterpret_cast<void*>(stack), kFlags, &image, nullptr,
                             image.thread_pointer, word);
    if (made < 0) {
        return false;
    }
    image.id_in_copy = static_cast<std::uint32_t>(made);
    replace_id(image.kernel, id, image.id_in_copy);
    return true;
}

}  // namespace

bool can_copy_tasks() noexcept
{
    KernelState state;
    return note_place_of_id(state);
}

bool stop_other_tasks(const StopRules& rules, std::int64_t patience_ns) noexcept
{
    stop_rules = rules;
    if (ask_every_task(stop_here, patience_ns)) {
        return true;
    }
    let_tasks_go();
    return false;
}

void let_tasks_go() noexcept
{
    releases.fetch_add(1, memory_order_release);  // release: pairs with stop_here()
    futex_wake(&releases, static_cast<int>(kMostTasks), FutexScope::kPrivate);
}

long copy_process() noexcept
{
    KernelState own;
    note_place_of_id(own);
    const std::uint32_t id = kernel_thread_id();
    const long result = raw_syscall(SYS_clone, SIGCHLD | CLONE_CHILD_CLEARTID, 0, 0,
                                    static_cast<long>(own.id_address), 0);
    if (result == 0) {
        own_id_in_copy = kernel_thread_id();
        replace_id(own, id, own_id_in_copy);
        take_robust_list(own);
        started.store(0, memory_order_relaxed);  // relaxed: nobody else is here yet
    }
    return result;
}

bool make_tasks() noexcept
{
    for (std::uint32_t task = 1; task < asked_tasks(); ++task) {
        if (answer_of(task) == Answer::kDone && !make_task(*images[task], asked_id(task))) {
            return false;
        }
    }
    return true;
}

void start_tasks() noexcept
{
    started.store(1, memory_order_release);  // release: pairs with run_again()
    futex_wake(&started, static_cast<int>(kMostTasks), FutexScope::kPrivate);
}

std::uint32_t id_in_copy(std::uint32_t id) noexcept
{
    if (id == asked_id(0)) {
        return own_id_in_copy;
    }
    for (std::uint32_t task = 1; task < asked_tasks(); ++task) {
        if (asked_id(task) == id && answer_of(task) == Answer::kDone) {
            return images[task]->id_in_copy;
        }
    }
    return 0;
}

}  // namespace lt::os
