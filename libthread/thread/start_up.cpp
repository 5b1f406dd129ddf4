// Before the first thread: the environment, the initial thread, threads made by others, and the
// start of the M:N machinery.
#include "thread/start_up.h"

#include <pthread.h>
#include <sys/resource.h>
#include <sys/single_threaded.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "arch/cpu.h"
#include "base/check.h"
#include "io/epoll_set.h"
#include "io/poller.h"
#include "lwp/pool.h"
#include "os/clock.h"
#include "os/kernel_thread.h"
#include "os/program_text.h"
#include "os/pthread_attr.h"
#include "os/real.h"
#include "os/real_calls.h"
#include "os/signal_mask.h"
#include "os/tcb.h"
#include "sched/clock_lwp.h"
#include "sched/critical.h"
#include "sched/dispatch.h"
#include "sched/lwp_identity.h"
#include "sched/records.h"
#include "sched/settings.h"
#include "sched/switch.h"
#include "sync/sleep_queue.h"
#include "sync/special_mutex.h"
#include "thread/debugger.h"
#include "thread/environment.h"
#include "thread/fork.h"
#include "thread/life.h"
#include "thread/mask_census.h"
#include "thread/registry.h"
#include "thread/signal_lwp.h"
#include "thread/signal_wait.h"
#include "thread/signals.h"
#include "thread/stack_cache.h"
#include "thread/stack_surplus.h"
#include "thread/suspend.h"

extern "C" void* __libc_stack_end;  // NOLINT: ld.so's name for the top of the initial stack

namespace lt {

constinit Atomic<Engine> engine{Engine::kOff};

namespace {

pthread_mutex_t engine_mutex =
    PTHREAD_MUTEX_INITIALIZER;  // serialises the start; never in the scheduler
pthread_key_t foreign_key;
constinit bool started_up = false;

void note_initial_stack(Thread& initial)
{
    constexpr std::size_t kGuess = 8 * 1024 * 1024;
    rlimit limit{};
    std::size_t size = kGuess;
    if (::getrlimit(RLIMIT_STACK, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY) {
        size = limit.rlim_cur;
    }
    // Arguments and environment lie above what ld.so calls the end: the stack proper starts here.
    initial.stack_hi = round_up(reinterpret_cast<std::uintptr_t>(__libc_stack_end) + 1, kPageSize);
    initial.stack_lo = initial.stack_hi - size;
}

// Every kernel task that becomes a thread of ours without being made by us.
Thread* enrol(std::uint32_t flags)
{
    const std::uint64_t mask = os::kernel_mask();
    Lwp* lwp = allocate_lwp();
    Thread* self = lwp != nullptr ? thread_records.allocate() : nullptr;
    if (self == nullptr) {
        panic("no memory to adopt a thread", __FILE__, __LINE__);
    }
    // relaxed everywhere: the registry's lock publishes the record.
    self->flags.store(flags, memory_order_relaxed);
    self->state.store(ThreadState::kRunning, memory_order_relaxed);  // relaxed: as above
    self->critical.store(1, memory_order_relaxed);                   // relaxed: as above
    self->lwp = lwp;
    self->tcb = arch::thread_pointer();
    self->pthread_id = ::pthread_self();
    self->signal_mask = mask;
    self->alternate_sp = self->alternate_size = self->handler_frame = 0;
    self->awaited.store(0, memory_order_relaxed);  // relaxed: as above
    self->exiting = self->leaving = false;
    self->priority = 0;
    self->inherited = {};
    inherit_debug_events(*self, nullptr);
    self->effective.store(0, memory_order_relaxed);  // relaxed: as above
    self->joiners = 0;
    self->own_values = nullptr;
    self->processor.forget();
    self->mxcsr = arch::mxcsr();
    self->x87_control = arch::x87_control();
    self->since_ns.store(os::coarse_now(), memory_order_relaxed);  // relaxed: as above
    lwp->kernel_mask = mask;
    lwp->thread.store(self, memory_order_relaxed);             // relaxed: as above
    lwp->state.store(LwpState::kBound, memory_order_relaxed);  // relaxed: as above
    current_thread = self;
    lwp->tid.store(os::kernel_thread_id(), memory_order_relaxed);  // relaxed: as above
    register_thread(nullptr, *lwp, *self);
    leave_critical(*self);
    return self;
}

void enrol_foreign()
{
    pthread_attr_t attributes;
    if (os::real().getattr(::pthread_self(), &attributes) != 0) {
        enrol(kFlagBound | kFlagForeign);
        return;
    }
    const std::uint32_t daemon = os::is_marked_daemon(attributes) ? kFlagDaemon : 0U;
    void* base = nullptr;
    std::size_t size = 0;
    ::pthread_attr_getstack(&attributes, &base, &size);
    ::pthread_attr_destroy(&attributes);
    Thread* self = enrol(kFlagBound | kFlagForeign | daemon);
    self->stack_lo = reinterpret_cast<std::uintptr_t>(base);
    self->stack_hi = self->stack_lo + size;
}

bool ends_detached()
{
    pthread_attr_t attributes;
    if (os::real().getattr(::pthread_self(), &attributes) != 0) {
        return true;
    }
    int state = PTHREAD_CREATE_DETACHED;
    ::pthread_attr_getdetachstate(&attributes, &state);
    ::pthread_attr_destroy(&attributes);
    return state == PTHREAD_CREATE_DETACHED;
}

// A foreign thread ends: destructor of its key, put off to glibc's last round, or the one before
// it: ThreadSanitizer's run time forgets the thread at the beginning of the last.
void forget_foreign(void* rounds)
{
    constexpr std::uintptr_t kLast = PTHREAD_DESTRUCTOR_ITERATIONS - (kThreadSanitizer ? 1 : 0);
    const auto round = reinterpret_cast<std::uintptr_t>(rounds);
    if (round < kLast) {
        ::pthread_setspecific(foreign_key, reinterpret_cast<void*>(round + 1));
        return;
    }
    Thread& self = *current_thread;
    Lwp& lwp = *self.lwp;
    while (run_tsd_destructors(self)) {}
    abandon_mutexes(self);
    const bool detached = ends_detached();
    const std::uint64_t mask = os::kernel_mask();
    close_to_signals(lwp);
    enter_critical(self);
    const Leave leave = leave_census(self, true);
    if (detached) {
        const LifeGuard guard{self.number()};
        self.flags.fetch_or(kFlagDetached, memory_order_relaxed);  // relaxed: locked
    }
    settle_masks();
    if (leave.last) {
        leave_critical_quietly(self);
        os::set_kernel_mask(mask);
        std::exit(0);
    }
    bury(self, self);
    current_thread = nullptr;
    release_lwp(lwp);
}

Error start_locked()
{
    if (engine.load(memory_order_relaxed) != Engine::kOff) {  // relaxed: under the mutex
        return Error::kNone;
    }
    if (__libc_single_threaded != 0 && settings.park_in_calls) {
        io::make_room_in_descriptor_table();
    }
    const Error error = os::tcb_start(settings.model);
    if (error != Error::kNone) {
        return error;
    }
    const os::TcbModel model = os::tcb_model();
    use_fs_base_instruction(os::can_write_fs_base());
    publish_model(os::tcb_model_name(model));
    // release: see its declaration.
    engine.store(model == os::TcbModel::kBound ? Engine::kBound : Engine::kMultiplexing,
                 memory_order_release);
    return Error::kNone;
}

// The initial thread (after a fork: the one that forked) becomes unbound with the first thread it
// makes.
Error pool_the_leader(Thread& self)
{
    const std::uint32_t tid = self.lwp->tid.load(memory_order_relaxed);  // relaxed: own
    if (static_cast<std::int32_t>(tid) != os::process_id()) {
        return start_clock_lwp();
    }
    take_signals_from_kernel(self);
    // The leader first: a clock LWP that finds the pool empty would add an LWP to it.
    if (!pool_leading_lwp(self)) {
        return Error::kNoMemory;
    }
    const Error error = start_clock_lwp();  // gone after a fork
    if (error != Error::kNone) {
        return error;
    }
    if (self.number() == 1) {
        prepare_initial_exit();
    }
    return Error::kNone;
}

std::int64_t take_part_in_clock_turn() noexcept
{
    start_signal_lwp_if_wanted();
    return look_for_surplus_stacks();
}

}  // namespace

Error start_engine(Thread& self) noexcept
{
    // acquire: pairs with start_locked().
    if (LT_UNLIKELY(engine.load(memory_order_acquire) == Engine::kOff)) {
        ::pthread_mutex_lock(&engine_mutex);
        const Error error = start_locked();
        ::pthread_mutex_unlock(&engine_mutex);
        if (error != Error::kNone) {
            return error;
        }
    }
    if (!is_multiplexing()) {
        return Error::kNone;
    }
    // Made bound: it stays so where a fork has made its task the leader.
    const bool made_bound = self.start != nullptr && self.slot == nullptr;
    if (LT_LIKELY(!self.has(kFlagBound)) || self.has(kFlagForeign) || made_bound) {
        // An earlier attempt may have failed.
        return LT_LIKELY(clock_started()) ? Error::kNone : start_clock_lwp();
    }
    return pool_the_leader(self);
}

Thread& adopt_current() noexcept
{
    const int saved_errno = errno;
    if (!started_up) {
        start_up();
    }
    if (current_thread == nullptr) {
        enrol_foreign();
        ::pthread_setspecific(foreign_key, reinterpret_cast<void*>(std::uintptr_t{1}));
        os::tcb_unregister_rseq();
    }
    errno = saved_errno;
    return *current_thread;
}

__attribute__((constructor(101))) void start_up() noexcept
{
    if (started_up) {
        return;
    }
    started_up = true;
    os::real();
    os::real_calls();
    io::start_poller();
    read_environment();
    if (settings.growth != Growth::kFixed) {
        os::find_program_text();  // where preemption may come at any instruction
    }
    settings.process_wide_fence = os::start_process_wide_fence();
    process.concurrency.store(settings.concurrency, memory_order_relaxed);  // relaxed: first writer
    os::tcb_keep_variable(&current_thread, sizeof(current_thread));
    ::pthread_key_create(&foreign_key, forget_foreign);
    publish_start();
    start_sleep_queues();
    start_fork_handling();
    start_signals();
    start_suspension();
    clock_turn_hook = take_part_in_clock_turn;
    release_hook = share_recycled;
    start_obeying_debugger();
    if (os::process_id() == static_cast<std::int32_t>(os::kernel_thread_id())) {
        Thread* initial = enrol(kFlagBound);
        note_initial_stack(*initial);
    } else {
        // Loaded by a thread that is not the initial one, which keeps id 1 for later.
        process.last_id.store(1, memory_order_relaxed);  // relaxed: first writer
    }
}

}  // namespace lt
