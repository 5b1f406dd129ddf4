#include "thread/suspend.h"

#include <cerrno>
#include <csignal>

#include "base/check.h"
#include "lwp/lwp.h"
#include "os/kernel_thread.h"
#include "os/real.h"
#include "os/signal_mask.h"
#include "sched/critical.h"
#include "sched/own_signals.h"
#include "sched/scheduler.h"
#include "sched/suspension.h"
#include "sync/mutex.h"
#include "sync/sleep.h"
#include "thread/fork.h"
#include "thread/signals.h"

namespace lt {
namespace {

enum class Look : std::uint8_t { kDone, kGone, kMustWait };

// The life lock, or a visit; see thread/fork.h.
class LifeAccess {
  public:
    explicit LifeAccess(std::uint32_t id) noexcept : id_{id}, visit_{lock_life_or_visit(id)} {}
    ~LifeAccess() { leave_life(visit_, id_); }
    LifeAccess(const LifeAccess&) = delete;
    LifeAccess& operator=(const LifeAccess&) = delete;

  private:
    std::uint32_t id_;
    bool visit_;
};

// How far the suspension of `target` is. Under the life lock, or on a visit.
Look look_at(const Thread& target, std::uint32_t id, bool visit) LT_NO_TSA
{
    if (find_thread(id) != &target || !is_live(&target)) {
        return Look::kGone;
    }
    if (!is_suspended(target)) {
        return Look::kDone;  // continued before it came to a stop
    }
    if (visit && is_forking(target)) {
        return Look::kDone;
    }
    // acquire: whoever stopped it did so before we say so.
    if (target.state.load(memory_order_acquire) == ThreadState::kRunning) {
        return Look::kMustWait;
    }
    if (target.has(kFlagBound)) {
        target.lwp->parker.unpark();  // asleep: it closes itself to signals; see sleep_with_lwp()
    }
    return Look::kDone;
}

void on_stop(int, siginfo_t*, void* context)
{
    Thread* self = current_thread;
    // relaxed: our own depth; who leaves a region looks at the request by itself. A thread that has
    // been switched to this LWP meanwhile has its own requests.
    if (self != nullptr && self->critical.load(memory_order_relaxed) == 0 && is_suspended(*self)) {
        const int saved_errno = errno;
        rest_in_handler(*self, *static_cast<ucontext_t*>(context), stop_while_suspended);
        errno = saved_errno;
    }
}

}  // namespace

void rest_in_handler(Thread& self, ucontext_t& machine, void (*rest)(Thread&) noexcept) noexcept
{
    const std::uint64_t mask = self.signal_mask;
    self.signal_mask = os::kStoppedMask;  // also where it goes on
    self.stop_machine = &machine;
    rest(self);
    self.stop_machine = nullptr;
    self.signal_mask = mask;
    attend_in_handler(self, machine);
}

void pass_on_promise(Thread& self, const Thread& target) noexcept
{
    // acquire: the wait is set up, if it is one.
    const ThreadState state = target.state.load(memory_order_acquire);
    if ((state == ThreadState::kRunnable || state == ThreadState::kStopped) &&
        target.wait_kind == WaitKind::kMutex) {
        pass_on_mutex(self, *static_cast<MutexWords*>(const_cast<void*>(target.wait_object)));
    }
}

void wake_suspenders(Thread& self, const Thread& stopped) noexcept
{
    wake_all(self, &stopped.requests);
}

void make_requests_known() noexcept
{
    os::process_wide_fence();
}

// `target` was asked to stop, and a process-wide fence has made that known: whatever state is seen
// here, the thread has looked, or will look, at the request after entering it.
Error await_stop(Thread& self, Thread& target, std::uint32_t id) noexcept LT_NO_TSA
{
    WaitSpec spec;
    spec.object = &target.requests;
    spec.kind = WaitKind::kStop;
    spec.target = id;
    for (;;) {
        const bool visit = lock_life_or_visit(id);
        const Look look = look_at(target, id, visit);
        if (look != Look::kMustWait) {
            // A visitor takes none of the locks that the forking thread holds.
            if (look == Look::kDone && is_suspended(target) && !visit) {
                pass_on_promise(self, target);
            }
            leave_life(visit, id);
            return look == Look::kGone ? Error::kNoSuchThread : Error::kNone;
        }
        // A task that has not started, or has ended, stops, or has stopped, by itself.
        send_own_signal(*target.lwp, settings.stop_signal);
        SleepQueue& queue = sleep_queue_of(spec.object);
        lock_to_sleep(self, queue);
        leave_life(visit, id);
        // Who stops changes its state first and then locks this queue to wake us.
        // acquire: as in look_at().
        if (target.state.load(memory_order_acquire) != ThreadState::kRunning) {
            queue.lock.unlock();
            continue;
        }
        if (sleep_on(self, queue, spec) == WakeCause::kInterrupted) {
            leave_critical(self);
            enter_critical(self);
        }
    }
}

Error suspend_thread(Thread& self, std::uint32_t id, Request request) noexcept LT_NO_TSA
{
    const CriticalRegion region{self};
    Thread* target = nullptr;
    {
        const LifeAccess access{id};
        target = find_thread(id);
        if (!is_live(target)) {
            return Error::kNoSuchThread;
        }
        // seq_cst: before the look at the state, with the fence below.
        target->requests.fetch_or(request, memory_order_seq_cst);
    }
    if (target == &self) {
        return Error::kNone;  // it stops on leaving the region
    }
    make_requests_known();
    return await_stop(self, *target, id);
}

Error continue_thread(Thread& self, std::uint32_t id, Request request) noexcept LT_NO_TSA
{
    {
        const CriticalRegion region{self};
        Thread* thread = nullptr;
        bool owned = false;
        {
            const LifeAccess access{id};
            thread = find_thread(id);
            if (!is_live(thread)) {
                return Error::kNoSuchThread;
            }
            // relaxed: changed under the life lock.
            if ((thread->requests.load(memory_order_relaxed) & request) == 0) {
                return Error::kNone;
            }
            owned = end_suspension(*thread, request);
            if (thread->has(kFlagBound)) {
                thread->lwp->parker.unpark();  // asleep: it opens itself to signals
            }
        }
        if (owned) {
            make_runnable(self, *thread);
        }
        wake_suspenders(self, *thread);  // if it had not come to a stop yet
    }
    preempt_if_outranked(self);
    return Error::kNone;
}

void start_suspension() noexcept
{
    stop_hook = wake_suspenders;
    struct sigaction action {};
    action.sa_sigaction = on_stop;
    action.sa_flags = SA_SIGINFO | SA_RESTART;
    os::from_mask(os::kStoppedMask, action.sa_mask);
    const int result = os::real().sigaction(settings.stop_signal, &action, nullptr);
    LT_CHECK(result == 0, "the kernel refuses a handler of the library's own");
}

}  // namespace lt
