#include <sched.h>
#include <sys/prctl.h>

#include "arch/cpu.h"
#include "base/check.h"
#include "os/futex.h"
#include "os/signal_mask.h"
#include "os/syscall.h"
#include "os/tcb.h"
#include "os/tcb_glibc.h"

namespace lt::os {
namespace {

// Enough for the frame of husk_start and for what a switch pushes below it.
constexpr std::uintptr_t kBelowFrame = 1024;

[[noreturn]] const ArchContext* end_kernel_thread(void*) noexcept
{
    for (;;) {
        raw_syscall(SYS_exit, 0);
    }
}

// The body of every husk: looks at itself, then ends only the kernel thread. Resumed by bury_husk.
void* husk_start(void* argument) noexcept
{
    auto* tail = static_cast<TcbTail*>(argument);
    std::size_t length = 0;
    tail->tcb = arch::thread_pointer();
    tail->kernel_id = kernel_thread_id();
    tail->tid_address = address(&tid_of(tail->tcb));  // if the kernel cannot tell
    raw_syscall(SYS_get_robust_list, 0, syscall_argument(&tail->robust_head),
                syscall_argument(&length));
    raw_syscall(SYS_prctl, PR_GET_TID_ADDRESS, syscall_argument(&tail->tid_address));
    // The kernel shall say the end to us, not in the TCB, where it would read as a pthread's end.
    raw_syscall(SYS_set_tid_address, syscall_argument(&tail->kernel_thread));
    const auto frame = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
    const ArchContext leave =
        arch_prepare(reinterpret_cast<void*>(frame - kBelowFrame), end_kernel_thread, nullptr);
    arch_switch(&tail->context, &leave);
    return nullptr;
}

void wait_for_end(TcbTail& tail) noexcept
{
    // acquire: with the kernel's store when the task is gone: it has left the stack.
    while (tail.kernel_thread.load(memory_order_acquire) != 0) {
        futex_wait(tail.kernel_thread, 1, nullptr, FutexScope::kShared);
    }
}

Error create_pthread(const pthread_attr_t* attributes, void* (*entry)(void*), void* argument,
                     pthread_t& handle) noexcept
{
    // The new task inherits this mask: no handler ever runs on it.
    const std::uint64_t before = set_kernel_mask(kAllSignals);
    const int result = glibc.create(&handle, attributes, entry, argument);
    set_kernel_mask(before);
    if (result == 0) {
        return Error::kNone;
    }
    return result == ENOMEM ? Error::kNoMemory : Error::kLimit;
}

// Entry of the task that brings a husk back: goes on where husk_start left.
int resume_husk(void* argument) noexcept
{
    arch_resume(static_cast<ArchContext*>(argument));
}

// Entry of a pthread that ends in the place of a hand-made TCB.
void* take_over(void* tcb) noexcept
{
    set_fs_base(tcb);
    return nullptr;
}

}  // namespace

Error make_husk(StackSlot& slot) noexcept
{
    void* tcb = tcb_place(slot);
    TcbTail& tail = tail_of(tcb);
    tail.false_id = next_false_id();
    // relaxed: pthread_create publishes it.
    tail.kernel_thread.store(1, memory_order_relaxed);
    pthread_attr_t attributes;
    if (::pthread_attr_init(&attributes) != 0) {
        return Error::kNoMemory;
    }
    pthread_t handle{};
    const bool set = ::pthread_attr_setstack(&attributes, reinterpret_cast<void*>(slot.lo),
                                             tcb_top(slot) - slot.lo) == 0;
    const Error error =
        set ? create_pthread(&attributes, husk_start, &tail, handle) : Error::kInvalid;
    ::pthread_attr_destroy(&attributes);
    if (error != Error::kNone) {
        return error;
    }
    wait_for_end(tail);
    LT_CHECK(tail.tcb == tcb, "glibc put a TCB in an unexpected place");
    disown_rseq(tcb);
    slot.tcb = tcb;
    slot.stack_hi = tail.context.rsp & ~(kCacheLine - 1);
    return Error::kNone;
}

bool bury_husk(StackSlot& slot) noexcept
{
    void* tcb = slot.tcb;
    TcbTail& tail = tail_of(tcb);
    int flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM |
                CLONE_SETTLS | CLONE_CHILD_CLEARTID;
    // Where glibc waits for the end on the id itself, that must be a real one again.
    if (tail.tid_address == address(&tid_of(tcb))) {
        flags |= CLONE_PARENT_SETTID;
    }
    auto* word = reinterpret_cast<pid_t*>(tail.tid_address);
    const std::uint64_t before = set_kernel_mask(kAllSignals);
    const int task = ::clone(resume_husk, reinterpret_cast<void*>(slot.stack_hi), flags,
                             &tail.context, word, tcb, word);
    set_kernel_mask(before);
    return task > 0 && glibc.join(reinterpret_cast<pthread_t>(tcb), nullptr) == 0;
}

namespace {

void* end_at_once(void*) noexcept
{
    return nullptr;
}

// Runs entry(argument) in a pthread and waits for its end.
bool run_in_pthread(void* (*entry)(void*), void* argument) noexcept
{
    // Of an LWP's size, for glibc keeps the stack: one of the default size would go to the next
    // bound thread, which asked for less.
    constexpr std::size_t kStack = 256 * 1024;
    pthread_attr_t attributes;
    const bool small = ::pthread_attr_init(&attributes) == 0 &&
                       ::pthread_attr_setstacksize(&attributes, kStack) == 0;
    pthread_t handle{};
    const bool made =
        (small && create_pthread(&attributes, entry, argument, handle) == Error::kNone) ||
        create_pthread(nullptr, entry, argument, handle) == Error::kNone;
    ::pthread_attr_destroy(&attributes);
    return made && glibc.join(handle, nullptr) == 0;
}

}  // namespace

void bury_hand(void* tcb) noexcept
{
    run_in_pthread(take_over, tcb);
}

bool pass_list_lock() noexcept
{
    return run_in_pthread(end_at_once, nullptr);
}

}  // namespace lt::os
