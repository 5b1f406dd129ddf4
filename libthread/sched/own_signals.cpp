#include "sched/own_signals.h"

#include "base/compiler.h"
#include "os/syscall.h"

namespace lt {
namespace {

// Who sends raises the first, then looks at the second; who forbids raises the second, then looks
// at the first: one of the two sees the other.
constinit Atomic<std::uint32_t> senders{0};
constinit Atomic<std::uint32_t> forbidders{0};
// How many of these are the calling thread, which may fork in a handler meanwhile.
constinit LT_TLS std::uint32_t own_bans = 0;

}  // namespace

bool send_own_signal(const Lwp& lwp, int signal) noexcept
{
    senders.fetch_add(1, memory_order_seq_cst);                       // seq_cst: see above
    const bool allowed = forbidders.load(memory_order_seq_cst) == 0;  // seq_cst: see above
    const std::uint32_t tid = lwp.tid.load(memory_order_relaxed);
    // relaxed above: a stale id belongs to a task that has ended, or that carries another thread,
    // which finds nothing to do.
    if (allowed && tid != 0) {
        os::raw_syscall(SYS_tgkill, os::process_id(), static_cast<long>(tid), signal);
    }
    senders.fetch_sub(1, memory_order_release);  // release: the signal is in its queue
    return allowed;
}

void forbid_own_signals() noexcept
{
    ++own_bans;
    forbidders.fetch_add(1, memory_order_seq_cst);     // seq_cst: see above
    while (senders.load(memory_order_seq_cst) != 0) {  // seq_cst: see above
        os::raw_syscall(SYS_sched_yield);
    }
}

bool allow_own_signals() noexcept
{
    --own_bans;
    // acq_rel: what was asked of threads before is seen by whoever sends it now.
    return forbidders.fetch_sub(1, memory_order_acq_rel) == 1;
}

void reset_own_signals_after_fork() noexcept
{
    senders.store(0, memory_order_relaxed);            // relaxed: nobody else is here
    forbidders.store(own_bans, memory_order_relaxed);  // relaxed: as above
}

}  // namespace lt
