// glibc makes set*id calls on the tasks that it knows, by its signal 33. An LWP that runs an
// unbound thread is not what glibc takes it for, so that call would never end. The library uses the
// same signal, which is in no mask, with a handler of its own.
//
// 1. The caller reads the list of tasks and sends the signal to each that it has not asked yet.
// 2. The handler claims the question, answers it and settles the answer. It finds its own id at the
//    number that it was given, or the signal is left over from a question that was taken back.
// 3. The caller waits until each has settled, or has ended; it asks those again that say "later".
// 4. It repeats all this until a list shows no new task and none is left to be asked. A task that
//    was made meanwhile by one that had not been asked is found in the next list.
// 5. If it takes too long, or a task goes on saying "later" though it has been running, the caller
//    takes back what is not claimed, and waits for the rest: a handler that has claimed settles
//    without waiting for anyone.
#include "os/every_task.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>

#include <cerrno>
#include <cstdlib>

#include "base/atomic.h"
#include "base/compiler.h"
#include "os/clock.h"
#include "os/kernel_action.h"
#include "os/signal_mask.h"
#include "os/spinlock.h"
#include "os/syscall.h"

namespace lt::os {
namespace {

struct Task {
    Atomic<std::uint32_t> id{0};  // by the caller, before it asks
    Atomic<Answer> answer{Answer::kNone};
    std::uint32_t refusals = 0;  // times that it has said kLater; the caller's own
};

struct TaskCall {
    long number = 0;
    long a = 0;
    long b = 0;
    long c = 0;
};

constinit SpinLock asking_lock;  // guards what follows; who holds it waits for the handlers
constinit std::uint32_t holders LT_GUARDED_BY(asking_lock) = 0;
// How many of these are the calling thread's: a handler on a thread in exec may ask.
constinit LT_TLS std::uint32_t own_holds = 0;
// Callers of begin_asking() that have failed. relaxed: courtesy.
constinit Atomic<std::uint32_t> waiting{0};
constinit Task tasks[kMostTasks];
// By the caller; a task looks for itself among them.
constinit Atomic<std::uint32_t> task_count{0};
constinit Question question = nullptr;
constinit TaskCall call;

// One step of the answer's life; whoever makes it has what goes with it.
bool change(Task& task, Answer from, Answer to)
{
    // acq_rel: the question is seen by whoever claims it, and what the handler did by the caller.
    return task.answer.compare_exchange_strong(from, to, memory_order_acq_rel,
                                               memory_order_acquire);
}

void on_question(int, siginfo_t* info, void* context)
{
    const auto number = static_cast<std::uint32_t>(info->si_value.sival_int);
    if (info->si_code != SI_QUEUE || info->si_pid != process_id() || number >= kMostTasks) {
        return;
    }
    Task& task = tasks[number];
    // relaxed: claiming orders; a left-over signal finds another id, or no question.
    if (task.id.load(memory_order_relaxed) == kernel_thread_id() &&
        change(task, Answer::kNone, Answer::kClaimed)) {
        question(number, *static_cast<ucontext_t*>(context));
    }
}

void make_call(std::uint32_t task, ucontext_t&)
{
    raw_syscall(call.number, call.a, call.b, call.c);
    settle(task, Answer::kDone);
}

// glibc refuses this signal, and has the code that a handler returns by: another handler shows it.
bool install_handler()
{
    KernelAction action{};
    for (int number = 64; action.restorer == nullptr; --number) {
        if (number == 0) {
            return false;
        }
        get_kernel_action(number, action);
    }
    constexpr unsigned long kHasRestorer = 0x04000000;
    action.handler = on_question;
    action.flags = SA_SIGINFO | SA_RESTART | kHasRestorer;
    action.mask = ~std::uint64_t{0};
    return set_kernel_action(kSetIdSignal, action);
}

// The question lies open in its answer.
void send_to(std::uint32_t number)
{
    Task& task = tasks[number];
    siginfo_t info{};
    info.si_signo = kSetIdSignal;
    info.si_code = SI_QUEUE;
    info.si_pid = process_id();
    info.si_value.sival_int = static_cast<int>(number);
    // relaxed: the caller's own, or that of the task, which asks itself.
    const long error = raw_syscall(SYS_rt_tgsigqueueinfo, process_id(),
                                   static_cast<long>(task.id.load(memory_order_relaxed)),
                                   kSetIdSignal, syscall_argument(&info));
    if (error == -ESRCH) {
        change(task, Answer::kNone, Answer::kGone);
    } else if (error != 0) {
        change(task, Answer::kNone, Answer::kLater);  // too many signals are queued
    }
}

// By the caller or by the task itself.
void ask_again(std::uint32_t number)
{
    if (change(tasks[number], Answer::kLater, Answer::kNone)) {
        send_to(number);
    }
}

std::uint32_t number_of(std::uint32_t id)
{
    const std::uint32_t count = asked_tasks();
    std::uint32_t number = 0;
    // relaxed: the caller's own, or a task's own, written before it was asked.
    while (number < count && tasks[number].id.load(memory_order_relaxed) != id) {
        ++number;
    }
    return number;
}

enum class List : std::uint8_t { kNoNews, kNews, kUnreadable };

// A task in the list.
List meet(std::uint32_t id)
{
    const std::uint32_t number = number_of(id);
    if (number == kMostTasks) {
        return List::kUnreadable;
    }
    Task& task = tasks[number];
    if (number < asked_tasks()) {
        // One that had ended: its id is another task's now.
        return change(task, Answer::kGone, Answer::kLater) ? List::kNews : List::kNoNews;
    }
    task.id.store(id, memory_order_relaxed);  // relaxed: send_to() publishes it
    task.refusals = 0;
    task.answer.store(Answer::kNone, memory_order_release);  // release: with all that it asks
    task_count.store(number + 1, memory_order_relaxed);      // relaxed: as above
    send_to(number);
    return List::kNews;
}

// Reads the list once, and asks whom it has not asked.
List ask_new_tasks()
{
    const long directory = raw_syscall(SYS_openat, AT_FDCWD, syscall_argument("/proc/self/task"),
                                       O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0) {
        return List::kUnreadable;
    }
    List found = List::kNoNews;
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
            std::uint32_t id = 0;
            for (const char* digit = entry->d_name; *digit >= '0' && *digit <= '9'; ++digit) {
                id = id * 10 + static_cast<std::uint32_t>(*digit - '0');
            }
            const List met = id != 0 ? meet(id) : List::kNoNews;
            found = met > found ? met : found;
        }
    }
    raw_syscall(SYS_close, directory);
    return found;
}

struct Progress {
    bool settled = true;  // all that were asked are done or gone
    bool stuck = false;   // one has refused again and again
};

// Asks those again that want it, if it is `time_to`.
Progress look(bool time_to)
{
    constexpr std::uint32_t kMostRefusals = 12;
    Progress progress;
    for (std::uint32_t number = 1; number < asked_tasks(); ++number) {
        Task& task = tasks[number];
        switch (task.answer.load(memory_order_acquire)) {  // acquire: what the handler did
            case Answer::kNone:
                // relaxed: the caller's own.
                if (raw_syscall(SYS_tgkill, process_id(),
                                static_cast<long>(task.id.load(memory_order_relaxed)),
                                0) != -ESRCH ||
                    !change(task, Answer::kNone, Answer::kGone)) {
                    progress.settled = false;
                }
                break;
            case Answer::kLater:
                progress.settled = false;
                if (time_to) {
                    progress.stuck = ++task.refusals > kMostRefusals || progress.stuck;
                    ask_again(number);
                }
                break;
            case Answer::kClaimed:
                progress.settled = false;
                break;
            case Answer::kDone:
            case Answer::kGone:
                break;
        }
    }
    return progress;
}

// Afterwards nobody is open to the question. A task that asks itself may change its answer
// meanwhile.
void take_back()
{
    for (std::uint32_t number = 1; number < asked_tasks(); ++number) {
        Task& task = tasks[number];
        Answer answer = answer_of(number);
        while (answer != Answer::kDone && answer != Answer::kGone) {
            if (answer == Answer::kClaimed) {
                raw_syscall(SYS_sched_yield);
            } else {
                change(task, answer, Answer::kGone);
            }
            answer = answer_of(number);
        }
    }
}

// Lets those run that are to answer; they may have to wait for a processor.
void pause(std::uint32_t round)
{
    constexpr std::uint32_t kPatient = 32;
    constexpr std::timespec kNap{0, 50'000};
    if (round < kPatient) {
        raw_syscall(SYS_sched_yield);
    } else {
        raw_syscall(SYS_nanosleep, syscall_argument(&kNap), 0);
    }
}

}  // namespace

bool begin_asking(Asker& asker) noexcept LT_NO_TSA
{
    constexpr std::int64_t kPatience = 10 * kNanosPerSecond;
    const std::int64_t now = monotonic_now();
    const bool comes = asker.since == 0;
    if (comes) {
        asker.since = now;
    }
    const bool others = waiting.load(memory_order_relaxed) != 0;  // relaxed: see its declaration
    bool begun = !(comes && others) && asking_lock.try_lock();
    if (begun && holders > own_holds && now - asker.since < kPatience) {
        asking_lock.unlock();
        begun = false;
    }
    if (comes && !begun) {
        waiting.fetch_add(1, memory_order_relaxed);  // relaxed: as above
    } else if (!comes && begun) {
        waiting.fetch_sub(1, memory_order_relaxed);  // relaxed: as above
    }
    return begun;
}

void end_asking() noexcept LT_NO_TSA
{
    asking_lock.unlock();
}

void forget_asking() noexcept LT_NO_TSA
{
    waiting.store(0, memory_order_relaxed);  // relaxed: nobody else is here
    holders = own_holds;
    asking_lock.unlock();
}

bool try_to_hold_calls_on_every_task() noexcept
{
    if (!asking_lock.try_lock()) {
        return false;
    }
    ++holders;
    ++own_holds;
    asking_lock.unlock();
    return true;
}

void release_calls_on_every_task() noexcept
{
    const SpinGuard guard{asking_lock};
    --holders;
    --own_holds;
}

void settle(std::uint32_t task, Answer answer) noexcept
{
    tasks[task].answer.store(answer, memory_order_release);  // release: the caller goes on
}

bool ask_every_task(Question what, std::int64_t patience_ns) noexcept
{
    constexpr std::int64_t kAskAgain = 500'000;
    question = what;
    tasks[0].id.store(kernel_thread_id(), memory_order_relaxed);  // relaxed: its own
    tasks[0].answer.store(Answer::kDone, memory_order_relaxed);   // relaxed: as above
    task_count.store(1, memory_order_relaxed);                    // relaxed: as above
    if (!install_handler()) {
        return true;  // no handler at all, not even the library's: it has not started
    }
    const std::int64_t begin = monotonic_now();
    std::int64_t asked = begin;
    for (std::uint32_t round = 0;; ++round) {
        const std::int64_t now = monotonic_now();
        const bool time_to = now - asked >= kAskAgain;
        asked = time_to ? now : asked;
        const Progress progress = look(time_to);
        const List list = progress.settled ? ask_new_tasks() : List::kNews;
        if (list == List::kNoNews) {
            return true;
        }
        const bool tired = progress.stuck || now - begin >= patience_ns;
        if (list == List::kUnreadable || (patience_ns != 0 && tired)) {
            take_back();
            return false;
        }
        if (!progress.settled) {
            pause(round);
        }
    }
}

void ask_own_task() noexcept
{
    const std::uint32_t number = number_of(kernel_thread_id());
    if (number < asked_tasks()) {
        ask_again(number);
    }
}

std::uint32_t asked_tasks() noexcept
{
    return task_count.load(memory_order_relaxed);  // relaxed: see its declaration
}

std::uint32_t asked_id(std::uint32_t task) noexcept
{
    return tasks[task].id.load(memory_order_relaxed);  // relaxed: the caller's own
}

Answer answer_of(std::uint32_t task) noexcept
{
    return tasks[task].answer.load(memory_order_acquire);  // acquire: what the handler did
}

int call_on_every_task(long number, long a, long b, long c) noexcept
{
    const long result = raw_syscall(number, a, b, c);
    if (result < 0) {
        return static_cast<int>(-result);
    }
    call = {number, a, b, c};
    static_cast<void>(ask_every_task(make_call, 0));
    return 0;
}

}  // namespace lt::os
