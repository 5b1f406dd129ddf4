// How LWPs enter and leave the pool.
#include <sys/mman.h>

#include <cstring>
#include <new>

#include "arch/cpu.h"
#include "base/check.h"
#include "base/probe.h"
#include "lwp/pool.h"
#include "os/kernel_thread.h"
#include "os/signal_mask.h"
#include "os/stack_map.h"
#include "os/syscall.h"
#include "os/tcb.h"
#include "sched/critical.h"
#include "sched/dispatch.h"
#include "sched/fork.h"
#include "sched/lwp_identity.h"
#include "sched/records.h"
#include "sched/run_queue.h"
#include "sched/settings.h"
#include "sched/switch.h"

namespace lt {
namespace {

// Handlers of the program may run on an idle context.
constexpr std::size_t kIdleStack = 256 * 1024;
constexpr std::uint32_t kSpares = 1;

// LWPs started ahead of need. Guards the list; leaf.
constinit SpinLock spares_lock;
constinit Lwp* spares LT_GUARDED_BY(spares_lock) = nullptr;
// Spares that exist or are on their way. relaxed: only the clock LWP starts them.
constinit Atomic<std::uint32_t> spare_count{0};

bool give_run_queue(Lwp& lwp)
{
    if (lwp.run_queue != nullptr) {
        return true;
    }
    const long mapped =
        os::raw_syscall(SYS_mmap, 0, static_cast<long>(round_up(sizeof(RunQueue), kPageSize)),
                        PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped < 0 && mapped > -4096) {
        return false;
    }
    lwp.run_queue = new (reinterpret_cast<void*>(mapped)) RunQueue;
    return true;
}

void await_service(Lwp& lwp)
{
    {
        const SpinGuard guard{spares_lock};
        lwp.next = spares;
        spares = &lwp;
    }
    // acquire: pairs with use_spare_lwp().
    while (lwp.state.load(memory_order_acquire) == LwpState::kSpare) {
        lwp.parker.park();
    }
}

void* lwp_main(void* argument)
{
    Lwp& lwp = *static_cast<Lwp*>(argument);
    take_lwp_identity(lwp, "lwp/");
    // relaxed: set before the task was started.
    if (lwp.state.load(memory_order_relaxed) == LwpState::kSpare) {
        await_service(lwp);
    }
    run_idle_loop(lwp);
    close_to_signals(lwp);
    pool_members.remove(lwp);
    drop_lwp_identity(lwp);
    release_lwp(lwp);
    return nullptr;
}

Lwp* start_lwp(LwpState state)
{
    Lwp* lwp = allocate_lwp();
    if (lwp == nullptr) {
        return nullptr;
    }
    lwp->state.store(state, memory_order_relaxed);  // relaxed: pthread_create publishes it
    if (!give_run_queue(*lwp) || make_idle_record(*lwp) == nullptr) {
        release_lwp(*lwp);
        return nullptr;
    }
    return lwp;
}

bool launch(Lwp& lwp)
{
    if (os::start_kernel_thread(lwp_main, &lwp, kIdleStack, &lwp.handle) == Error::kNone) {
        return true;
    }
    thread_records.release(lwp.idle);
    lwp.idle = nullptr;
    release_lwp(lwp);
    return false;
}

void count_into_pool()
{
    // relaxed: a level, looked at without order.
    process.pool_lwps.fetch_add(1, memory_order_relaxed);
}

[[noreturn]] const ArchContext* initial_idle_main(void* argument)
{
    Lwp& lwp = *static_cast<Lwp*>(argument);
    finish_switch(*lwp.idle);
    run_idle_loop(lwp);
    panic("the initial LWP retired", __FILE__, __LINE__);
}

}  // namespace

Thread* make_idle_record(Lwp& lwp) noexcept
{
    Thread* idle = thread_records.allocate();
    if (idle == nullptr) {
        return nullptr;
    }
    // relaxed: the record belongs to nobody else yet.
    idle->flags.store(kFlagIdle, memory_order_relaxed);
    idle->state.store(ThreadState::kRunning, memory_order_relaxed);  // relaxed: as above
    idle->critical.store(kFirstDepth, memory_order_relaxed);         // relaxed: as above
    idle->seq.store(1, memory_order_relaxed);                        // relaxed: as above
    idle->lwp = &lwp;
    idle->mxcsr = arch::mxcsr();
    idle->x87_control = arch::x87_control();
    lwp.idle = idle;
    return idle;
}

Thread& take_lwp_identity(Lwp& lwp, const char* name) noexcept
{
    Thread* idle = lwp.idle != nullptr ? lwp.idle : make_idle_record(lwp);
    LT_CHECK(idle != nullptr, "no memory for an LWP's idle context");
    os::tcb_unregister_rseq();
    idle->tcb = arch::thread_pointer();
    idle->pthread_id = ::pthread_self();
    current_thread = idle;
    lwp.kernel_mask = os::kAllSignals & ~settings.own_signals;
    lwp.kernel_alternate_sp = 0;
    os::set_kernel_mask(lwp.kernel_mask);
    idle->signal_mask = lwp.kernel_mask;
    lwp.tid.store(os::kernel_thread_id(), memory_order_relaxed);  // relaxed: the next publishes it
    // release: who finds the LWP idle can kick it.
    lwp.thread.store(idle, memory_order_release);
    LT_PROBE2(lwp__start, lwp.index, in_place(lwp.tid));
    if (name[std::strlen(name) - 1] == '/') {
        os::name_kernel_thread(name, lwp.index);
    } else {
        os::name_kernel_thread(name);
    }
    return *idle;
}

void close_to_signals(Lwp& lwp) noexcept
{
    os::set_kernel_mask(os::kAllSignals);
    // relaxed: this LWP only.
    const std::uint32_t count = lwp.signal_deferred.exchange(0, memory_order_relaxed);
    for (std::uint32_t i = 0; i < count; ++i) {
        siginfo_t& info = lwp.deferred_info[i];
        if (info.si_code != SI_TKILL) {  // not for the thread that ends here
            os::raw_syscall(SYS_rt_sigqueueinfo, os::process_id(), info.si_signo,
                            os::syscall_argument(&info));
        }
    }
}

void drop_lwp_identity(Lwp& lwp) noexcept
{
    current_thread = nullptr;
    Thread* idle = lwp.idle;
    lwp.idle = nullptr;
    idle->flags.store(0, memory_order_relaxed);  // relaxed: nobody runs it any more
    idle->state.store(ThreadState::kFree, memory_order_relaxed);  // relaxed: as above
    thread_records.release(idle);
}

bool add_pool_lwp() noexcept
{
    Lwp* lwp = start_lwp(LwpState::kSearching);
    if (lwp == nullptr) {
        return false;
    }
    if (!pool_members.add(*lwp)) {
        thread_records.release(lwp->idle);
        lwp->idle = nullptr;
        release_lwp(*lwp);
        return false;
    }
    count_into_pool();
    if (launch(*lwp)) {
        return true;
    }
    pool_members.remove(*lwp);
    process.pool_lwps.fetch_sub(1, memory_order_relaxed);  // relaxed: as in count_into_pool()
    return false;
}

void keep_spare_lwp() noexcept
{
    while (spare_count.load(memory_order_relaxed) < kSpares) {  // relaxed: see its declaration
        Lwp* lwp = start_lwp(LwpState::kSpare);
        if (lwp == nullptr || !launch(*lwp)) {
            return;
        }
        spare_count.fetch_add(1, memory_order_relaxed);  // relaxed: as above
    }
}

bool use_spare_lwp() noexcept
{
    Lwp* lwp = nullptr;
    {
        const SpinGuard guard{spares_lock};
        lwp = spares;
        if (lwp == nullptr) {
            return false;
        }
        spares = lwp->next;
    }
    spare_count.fetch_sub(1, memory_order_relaxed);  // relaxed: as above
    if (!pool_members.add(*lwp)) {
        const SpinGuard guard{spares_lock};
        lwp->next = spares;
        spares = lwp;
        spare_count.fetch_add(1, memory_order_relaxed);  // relaxed: as above
        return false;
    }
    count_into_pool();
    // release: pairs with await_service().
    lwp->state.store(LwpState::kSearching, memory_order_release);
    lwp->parker.unpark();
    return true;
}

void reset_spares_after_fork() noexcept LT_NO_TSA
{
    spares = nullptr;
    spares_lock.unlock();
    spare_count.store(0, memory_order_relaxed);        // relaxed: nobody else is here
    process.pool_lwps.store(0, memory_order_relaxed);  // relaxed: as above
}

namespace {

// The idle context of the process's first task, which is busy carrying the initial thread.
bool make_initial_idle(Lwp& lwp)
{
    Error error = Error::kNone;
    os::StackSlot* slot = os::stack_slot_allocate(kIdleStack, error);
    if (slot == nullptr) {
        return false;
    }
    if (os::tcb_create(*slot) != Error::kNone) {
        os::stack_slot_free(slot);
        return false;
    }
    if (make_idle_record(lwp) == nullptr) {
        os::tcb_destroy(*slot);
        os::stack_slot_free(slot);
        return false;
    }
    Thread& idle = *lwp.idle;
    idle.tcb = slot->tcb;
    idle.slot = slot;
    idle.pthread_id = reinterpret_cast<std::uintptr_t>(slot->tcb);
    idle.stack_lo = slot->lo;
    idle.stack_hi = slot->stack_hi;
    idle.context = arch_prepare(reinterpret_cast<void*>(slot->stack_hi), initial_idle_main, &lwp);
    idle.seq.store(2, memory_order_relaxed);  // relaxed: parked; nobody has seen it yet
    *static_cast<Thread**>(os::tcb_translate(&current_thread, arch::thread_pointer(), slot->tcb)) =
        &idle;
    return true;
}

}  // namespace

bool pool_leading_lwp(Thread& leader) noexcept
{
    Lwp& lwp = *leader.lwp;
    if (!give_run_queue(lwp) || (lwp.idle == nullptr && !make_initial_idle(lwp))) {
        return false;
    }
    os::tcb_unregister_rseq();
    if (!pool_members.add(lwp)) {
        return false;
    }
    lwp.state.store(LwpState::kRunning, memory_order_relaxed);  // relaxed: for watchers
    count_into_pool();
    // relaxed: its own flag; from here on it is switched like any unbound thread.
    leader.flags.fetch_and(~std::uint32_t{kFlagBound}, memory_order_relaxed);
    return true;
}

}  // namespace lt
