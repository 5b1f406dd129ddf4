#include <pthread.h>

#include <cerrno>

#include "arch/context.h"
#include "arch/cpu.h"
#include "base/check.h"
#include "base/probe.h"
#include "lwp/pool.h"
#include "os/kernel_thread.h"
#include "os/signal_mask.h"
#include "os/tcb.h"
#include "sched/clock_lwp.h"
#include "sched/critical.h"
#include "sched/lwp_identity.h"
#include "sched/records.h"
#include "sched/scheduler.h"
#include "sched/suspension.h"
#include "sched/switch.h"
#include "thread/debugger.h"
#include "thread/life.h"
#include "thread/pending_signals.h"
#include "thread/registry.h"
#include "thread/stack_cache.h"
#include "thread/suspend.h"

// Not 0 once a thread was made: read by libraries that lock only then.
LT_EXPORT int __threaded;
int __threaded = 0;

namespace lt {
namespace {

// Room for glibc's part of a bound thread's stack: TCB, TLS, and our frames below the user's.
constexpr std::size_t kBoundExtra = 32 * 1024;

// More than any stack can have.
constexpr std::size_t kAddressSpace = std::size_t{1} << 47;

// What the caller sees of libc's functions that are called while it lives.
class KeptErrno {
  public:
    KeptErrno() = default;
    ~KeptErrno() { errno = before_; }
    KeptErrno(const KeptErrno&) = delete;
    KeptErrno& operator=(const KeptErrno&) = delete;

  private:
    const int before_ = errno;
};

LT_NOINLINE Error get_ready(Thread& self)
{
    const KeptErrno kept;
    return start_engine(self);
}

// The first frame of an unbound thread.
const ArchContext* unbound_main(void* argument)
{
    Thread& self = *static_cast<Thread*>(argument);
    finish_switch(self);
    leave_critical(self);
    os::tcb_first_run();
    run_unbound(self);
    return finish_unbound(self);
}

void run_bound(void* argument)
{
    Thread& self = *static_cast<Thread*>(argument);
    leave_critical(self);
    run_start_function(self);
    finish_bound(self);
}

// Where the kernel's and glibc's idea of the stack is the thread's own.
void note_stack(Thread& self)
{
    pthread_attr_t attributes;
    if (::pthread_getattr_np(::pthread_self(), &attributes) != 0) {
        return;
    }
    void* base = nullptr;
    std::size_t size = 0;
    ::pthread_attr_getstack(&attributes, &base, &size);
    ::pthread_attr_destroy(&attributes);
    self.stack_lo = reinterpret_cast<std::uintptr_t>(base);
    self.stack_hi = self.stack_lo + size;
}

void become_lwp_of(Thread& self)
{
    Lwp& lwp = *self.lwp;
    os::tcb_unregister_rseq();
    self.tcb = arch::thread_pointer();
    self.pthread_id = ::pthread_self();
    current_thread = &self;
    arch::set_mxcsr(self.mxcsr);
    arch::set_x87_control(self.x87_control);
    lwp.kernel_mask = self.signal_mask;
    // relaxed: watchers bear with a stale picture.
    lwp.thread.store(&self, memory_order_relaxed);
    lwp.state.store(LwpState::kBound, memory_order_relaxed);      // relaxed: as above
    lwp.tid.store(os::kernel_thread_id(), memory_order_relaxed);  // relaxed: as above
    LT_PROBE2(lwp__start, lwp.index, in_place(lwp.tid));
    os::name_kernel_thread("lwp/", lwp.index);
    if (!self.has(kFlagUserStack)) {
        note_stack(self);
    }
}

// Signals sent before there was a task to send them to.
void take_over_signals(Thread& self)
{
    const LifeGuard guard{self.number()};  // from here on senders find the task
    siginfo_t info;
    while (take_pending(self, ~std::uint64_t{0}, info)) {
        os::raw_syscall(SYS_rt_tgsigqueueinfo, os::process_id(),
                        static_cast<long>(os::kernel_thread_id()), info.si_signo,
                        os::syscall_argument(&info));
    }
}

void await_continue(Thread& self)
{
    const ParkedRegisters registers{self};
    // acquire: pairs with make_runnable().
    while (self.state.load(memory_order_acquire) != ThreadState::kRunning) {
        self.lwp->parker.park();
    }
}

// A bound thread's LWP.
void* bound_main(void* argument)
{
    Thread& self = *static_cast<Thread*>(argument);
    Lwp& lwp = *self.lwp;
    become_lwp_of(self);
    take_over_signals(self);
    await_continue(self);
    os::set_kernel_mask(self.signal_mask);
    if (self.has(kFlagUserStack)) {
        arch_call_on(reinterpret_cast<void*>(self.stack_hi), run_bound, &self);
    } else {
        run_bound(&self);
    }
    // relaxed: its own.
    if (static_cast<std::int32_t>(lwp.tid.load(memory_order_relaxed)) == os::process_id()) {
        end_with_leader(self);  // in the child of a fork
    }
    // Nothing of the program runs here any more: no handler may find a thread that is being buried.
    close_to_signals(lwp);
    bury(self, self);
    current_thread = nullptr;
    release_lwp(lwp);
    return nullptr;
}

// What a new thread starts with, but for its stack.
LT_INLINE void prepare(Thread& thread, const Thread& creator, const CreateRequest& request)
{
    // relaxed: nobody else knows the record yet.
    thread.flags.store(request.flags, memory_order_relaxed);
    const ThreadState started =
        (request.flags & kFlagBound) != 0 ? ThreadState::kRunning : ThreadState::kRunnable;
    thread.state.store(request.suspended ? ThreadState::kStopped : started,
                       memory_order_relaxed);  // relaxed: as above
    thread.requests.store(request.suspended ? kRequestStop : 0U,
                          memory_order_relaxed);               // relaxed: as above
    thread.critical.store(kFirstDepth, memory_order_relaxed);  // relaxed: as above
    thread.awaited.store(0, memory_order_relaxed);             // relaxed: as above
    thread.signal_mask =
        request.signal_mask != nullptr ? *request.signal_mask : creator.signal_mask;
    inherit_debug_events(thread, &creator);
    const std::uint8_t priority = creator.priority;
    thread.effective.store(priority, memory_order_relaxed);  // relaxed: as above
    // By their places, so that the compiler makes few stores of them. `status` is the end's.
    thread.lwp = nullptr;
    thread.priority = priority;
    thread.switches = thread.alternate_sp = 0;
    thread.processor.forget();
    thread.lent_turn = thread.exiting = thread.leaving = thread.pthread_named = false;
    thread.start = request.start;
    thread.argument = request.argument;
    thread.joiners = 0;
    thread.creator = creator.number();
    thread.handler_frame = thread.alternate_size = 0;
    thread.inherited = {};
    thread.mxcsr = arch::mxcsr();
    thread.x87_control = arch::x87_control();
    thread.since_ns.store(now_roughly(), memory_order_relaxed);  // relaxed: for lwpinspect
}

// Nobody runs it yet: who is told of it now is told before it can end.
LT_INLINE void publish(Thread& self, Thread& thread, const CreateRequest& request)
{
    register_thread(&self, *self.lwp, thread);
    if (request.id != nullptr) {
        *request.id = thread.number();
    }
    LT_PROBE3(thread__create, in_place(thread.id), in_place(self.id), thread.start);
    report_event(self, DebugEvent::kCreate, thread.number());
}

void withdraw(Thread& self, Thread& thread)
{
    const CriticalRegion region{self};
    {
        leave_census(thread, false);
        const LifeGuard guard{thread.number()};
        free_thread(self, thread);
    }
    wake_suspenders(self, thread);
}

LT_NOINLINE Error create_bound(Thread& self, const CreateRequest& request)
{
    const KeptErrno kept;
    Thread* thread = nullptr;
    Lwp* lwp = nullptr;
    {
        const CriticalRegion region{self};
        lwp = allocate_lwp();
        thread = lwp != nullptr ? take_record(self) : nullptr;
        if (thread == nullptr) {
            if (lwp != nullptr) {
                release_lwp(*lwp);
            }
            return Error::kNoMemory;
        }
        prepare(*thread, self, request);
        thread->lwp = lwp;
        if (request.stack_base != nullptr) {
            thread->stack_lo = reinterpret_cast<std::uintptr_t>(request.stack_base);
            thread->stack_hi = thread->stack_lo + request.stack_size;
        }
        publish(self, *thread, request);
    }
    const std::size_t size = request.stack_base != nullptr ? kMinStack
                             : request.stack_size != 0     ? request.stack_size
                                                           : os::kDefaultStackSize;
    const Error error = os::start_kernel_thread(
        bound_main, thread, round_up(size + kBoundExtra, kPageSize), &lwp->handle);
    if (error != Error::kNone) {
        withdraw(self, *thread);
        const CriticalRegion region{self};
        release_lwp(*lwp);
    }
    return error;
}

// A record gets its stack.
void attach(Thread& thread, os::StackSlot& slot, const CreateRequest& request)
{
    thread.slot = &slot;
    thread.tcb = slot.tcb;
    thread.pthread_id = reinterpret_cast<std::uintptr_t>(slot.tcb);
    thread.stack_lo = slot.lo;
    thread.stack_hi = slot.stack_hi;
    if (request.stack_base != nullptr) {
        thread.stack_lo = reinterpret_cast<std::uintptr_t>(request.stack_base);
        thread.stack_hi = (thread.stack_lo + request.stack_size) & ~std::uintptr_t{15};
        os::tcb_set_stack(slot.tcb, thread.stack_lo, thread.stack_hi);
    }
    *static_cast<Thread**>(os::tcb_translate(&current_thread, arch::thread_pointer(), slot.tcb)) =
        &thread;
}

// A new stack. Stacks that cannot be used again make room for it. In no critical region.
os::StackSlot* make_room(std::size_t wanted, Error& error)
{
    const KeptErrno kept;
    trim_slots();
    return make_slot(wanted, error);
}

// A record and a stack that do not come from one thread. In a critical region, which it leaves for
// a while if a stack must be made.
LT_NOINLINE Thread* assemble(Thread& self, const CreateRequest& request, Error& error)
{
    const std::size_t wanted = request.stack_base != nullptr ? kMinStack
                               : request.stack_size != 0     ? request.stack_size
                                                             : os::kDefaultStackSize;
    os::StackSlot* slot = take_slot(self, wanted);
    if (LT_UNLIKELY(slot == nullptr)) {
        leave_critical(self);
        slot = make_room(wanted, error);
        enter_critical(self);
        if (slot == nullptr) {
            return nullptr;
        }
    }
    Thread* thread = take_record(self);
    if (thread == nullptr) {
        keep_slot(self, slot, true);
        error = Error::kNoMemory;
        return nullptr;
    }
    attach(*thread, *slot, request);
    return thread;
}

Error create_unbound(Thread& self, const CreateRequest& request)
{
    const CriticalRegion region{self};
    const bool usual = request.stack_base == nullptr && request.stack_size == 0;
    Thread* thread = usual ? take_whole(self) : nullptr;
    if (thread == nullptr) {
        Error error = Error::kNone;
        thread = assemble(self, request, error);
        if (thread == nullptr) {
            return error;
        }
    }
    prepare(*thread, self, request);
    thread->context = arch_prepare(reinterpret_cast<void*>(thread->stack_hi), unbound_main, thread);
    // Even: parked, with a valid context. relaxed: published by the queue, or by the life lock.
    thread->seq.store((thread->seq.load(memory_order_relaxed) + 1) & ~std::uint64_t{1},
                      memory_order_relaxed);
    publish(self, *thread, request);
    if (!request.suspended) {
        make_new_runnable(self, *thread);
    }
    return Error::kNone;
}

void ask_for_lwps(bool one_more)
{
    // relaxed: a level; the clock LWP acts on it when kicked.
    if (one_more) {
        process.concurrency.fetch_add(1, memory_order_relaxed);
    }
    // relaxed, both: as above.
    const std::uint32_t have = process.pool_lwps.load(memory_order_relaxed);
    if (LT_UNLIKELY(have < process.concurrency.load(memory_order_relaxed)) &&
        have < process.threads()) {
        kick_clock();
    }
}

}  // namespace

Error create_thread(Thread& self, CreateRequest& request) noexcept
{
    if (request.stack_size > kAddressSpace) {
        return Error::kNoMemory;  // before anything is added to it
    }
    Error error = is_ready_to_create(self) ? Error::kNone : get_ready(self);
    if (error != Error::kNone) {
        return error;
    }
    if (LT_UNLIKELY(!is_multiplexing())) {
        request.flags |= kFlagBound;
    }
    error = (request.flags & kFlagBound) != 0 ? create_bound(self, request)
                                              : create_unbound(self, request);
    if (error == Error::kNone) {
        // relaxed: whoever reads it plainly, reads an old value at worst.
        __atomic_store_n(&__threaded, 1, __ATOMIC_RELAXED);
        ask_for_lwps((request.flags & kFlagNewLwp) != 0);
        preempt_if_outranked(self);
        rest_after_creating(self);
    }
    return error;
}

}  // namespace lt
