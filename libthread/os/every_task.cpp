// glibc does this for the tasks that it knows, by its signal 33. An LWP that runs an unbound thread
// is not what glibc takes it for, so the call would never end. The library uses the same signal,
// which is in no mask, with a handler of its own.
//
// 1. The caller makes the call itself; on failure that is the result, and nothing has happened.
// 2. It reads the list of tasks and sends the signal to each that it has not seen.
// 3. It waits until each has made the call, or has ended.
// 4. It repeats 2 and 3 until it finds no new one. A task that was made meanwhile by one that had
// not
//    been asked yet is found in the next list; one made later has the new identity from its maker.
#include "os/every_task.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>

#include <cerrno>
#include <cstdlib>

#include "base/atomic.h"
#include "os/clock.h"
#include "os/signal_mask.h"
#include "os/spinlock.h"
#include "os/syscall.h"

namespace lt::os {
namespace {

constexpr int kSignal = 33;
constexpr std::uint32_t kMostTasks = 8192;

struct KernelAction {
    void (*handler)(int, siginfo_t*, void*);
    unsigned long flags;
    void (*restorer)();
    std::uint64_t mask;
};

struct TaskCall {
    long number = 0;
    long a = 0;
    long b = 0;
    long c = 0;
};

constinit SpinLock call_lock;  // one call at a time; guards all below; leaf
constinit std::uint32_t holders LT_GUARDED_BY(call_lock) = 0;
constinit TaskCall call;  // read by handlers, which the lock's holder waits for
constinit std::uint32_t tasks[kMostTasks];
// Set by the handler on that task, read by the caller.
constinit Atomic<std::uint8_t> has_called[kMostTasks];

void on_call(int, siginfo_t* info, void*)
{
    if (info->si_code != SI_QUEUE || info->si_pid != process_id()) {
        return;
    }
    raw_syscall(call.number, call.a, call.b, call.c);
    // release: the caller goes on.
    has_called[info->si_value.sival_int].store(1, memory_order_release);
}

// glibc refuses this signal, and has the code that a handler returns by: another handler shows it.
bool install_handler()
{
    KernelAction action{};
    for (long number = 64; action.restorer == nullptr; --number) {
        if (number == 0) {
            return false;
        }
        raw_syscall(SYS_rt_sigaction, number, 0, syscall_argument(&action), sizeof(action.mask));
    }
    constexpr unsigned long kHasRestorer = 0x04000000;
    action.handler = on_call;
    action.flags = SA_SIGINFO | SA_RESTART | kHasRestorer;
    action.mask = ~std::uint64_t{0};
    return raw_syscall(SYS_rt_sigaction, kSignal, syscall_argument(&action), 0,
                       sizeof(action.mask)) == 0;
}

bool is_known(std::uint32_t tid, std::uint32_t count)
{
    for (std::uint32_t i = 0; i < count; ++i) {
        if (tasks[i] == tid) {
            return true;
        }
    }
    return false;
}

void send_to(std::uint32_t index)
{
    siginfo_t info{};
    info.si_signo = kSignal;
    info.si_code = SI_QUEUE;
    info.si_pid = process_id();
    info.si_value.sival_int = static_cast<int>(index);
    has_called[index].store(0, memory_order_relaxed);  // relaxed: the system call follows
    const long error =
        raw_syscall(SYS_rt_tgsigqueueinfo, process_id(), static_cast<long>(tasks[index]), kSignal,
                    syscall_argument(&info));
    if (error != 0) {
        has_called[index].store(1, memory_order_relaxed);  // relaxed: it has ended
    }
}

// Adds the tasks of one reading of the list; how many are known then.
std::uint32_t add_tasks(std::uint32_t count)
{
    const long directory = raw_syscall(SYS_openat, AT_FDCWD, syscall_argument("/proc/self/task"),
                                       O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0) {
        return count;
    }
    alignas(dirent) char buffer[4096];
    for (;;) {
        const long bytes =
            raw_syscall(SYS_getdents64, directory, syscall_argument(&buffer[0]), sizeof(buffer));
        if (bytes <= 0) {
            break;
        }
        for (long at = 0; at < bytes;) {
            const auto* entry = reinterpret_cast<const dirent64*>(buffer + at);
            at += entry->d_reclen;
            std::uint32_t tid = 0;
            for (const char* digit = entry->d_name; *digit >= '0' && *digit <= '9'; ++digit) {
                tid = tid * 10 + static_cast<std::uint32_t>(*digit - '0');
            }
            if (tid != 0 && count < kMostTasks && !is_known(tid, count)) {
                tasks[count++] = tid;
            }
        }
    }
    raw_syscall(SYS_close, directory);
    return count;
}

void await(std::uint32_t index)
{
    // acquire: the call is made.
    while (has_called[index].load(memory_order_acquire) == 0 &&
           raw_syscall(SYS_tgkill, process_id(), static_cast<long>(tasks[index]), 0) != -ESRCH) {
        raw_syscall(SYS_sched_yield);
    }
}

void lock_for_call() LT_ACQUIRE(call_lock)
{
    const std::int64_t end = monotonic_now() + kNanosPerSecond;
    call_lock.lock();
    while (holders != 0 && monotonic_now() < end) {
        call_lock.unlock();
        raw_syscall(SYS_sched_yield);
        call_lock.lock();
    }
}

int call_everywhere(long number, long a, long b, long c) LT_REQUIRES(call_lock)
{
    const long result = raw_syscall(number, a, b, c);
    if (result < 0) {
        return static_cast<int>(-result);
    }
    call = {number, a, b, c};
    if (!install_handler()) {
        return 0;  // there is no handler at all, not even the library's: it has not started
    }
    tasks[0] = kernel_thread_id();
    std::uint32_t count = 1;
    for (std::uint32_t before = 0; before != count;) {
        before = count;
        count = add_tasks(count);
        for (std::uint32_t i = before; i < count; ++i) {
            send_to(i);
        }
        for (std::uint32_t i = before; i < count; ++i) {
            await(i);
        }
    }
    return 0;
}

}  // namespace

int call_on_every_task(long number, long a, long b, long c) noexcept
{
    lock_for_call();
    const int error = call_everywhere(number, a, b, c);
    call_lock.unlock();
    return error;
}

void hold_calls_on_every_task() noexcept
{
    const SpinGuard guard{call_lock};
    ++holders;
}

void release_calls_on_every_task() noexcept
{
    const SpinGuard guard{call_lock};
    --holders;
}

}  // namespace lt::os
