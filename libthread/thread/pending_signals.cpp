#include "thread/pending_signals.h"

#include <ctime>

#include "os/signal_mask.h"
#include "os/slab.h"

namespace lt {

constinit SpinLock intake_lock;

struct PendingSignal {
    PendingSignal* next = nullptr;
    siginfo_t info{};
    bool for_process = false;
};

namespace {

constexpr int kFirstRealTime = 32;

constinit lwpt_slab slab_table[LWPT_MAX_SLABS] = {};
constinit std::uint32_t slab_count = 0;
constinit os::SlabPool<PendingSignal, 64> entries{slab_table, &slab_count};

// Where the kernel's process-wide queue goes on in the library; only its signal fields are used.
constinit Thread process_queue;

PendingSignal* unlink_first(Thread& queue, std::uint64_t bit, bool for_process_only)
    LT_REQUIRES(queue.signal_lock)
{
    PendingSignal* before = nullptr;
    for (PendingSignal* entry = queue.pending; entry != nullptr; entry = entry->next) {
        if (os::signal_bit(entry->info.si_signo) == bit &&
            (entry->for_process || !for_process_only)) {
            (before != nullptr ? before->next : queue.pending) = entry->next;
            if (queue.pending_last == entry) {
                queue.pending_last = before;
            }
            return entry;
        }
        before = entry;
    }
    return nullptr;
}

bool has_number(const Thread& queue, std::uint64_t bit) LT_REQUIRES(queue.signal_lock)
{
    const PendingSignal* entry = queue.pending;
    while (entry != nullptr && os::signal_bit(entry->info.si_signo) != bit) {
        entry = entry->next;
    }
    return entry != nullptr;
}

PendingSignal* take_entry(Thread& queue, std::uint64_t mask, bool for_process_only)
{
    const SpinGuard guard{queue.signal_lock};
    // relaxed, here and below: changed under the lock.
    std::uint64_t candidates = queue.signals_pending.load(memory_order_relaxed) & mask;
    while (candidates != 0) {
        const std::uint64_t bit = candidates & -candidates;
        if (PendingSignal* entry = unlink_first(queue, bit, for_process_only)) {
            if (!has_number(queue, bit)) {
                queue.signals_pending.fetch_and(~bit, memory_order_relaxed);  // relaxed: as above
            }
            return entry;
        }
        candidates &= ~bit;
    }
    return nullptr;
}

}  // namespace

bool add_pending(Thread& thread, const siginfo_t& info, bool for_process) noexcept
{
    const std::uint64_t bit = os::signal_bit(info.si_signo);
    PendingSignal* entry = entries.allocate();
    if (entry == nullptr) {
        return false;
    }
    entry->info = info;
    entry->for_process = for_process;
    entry->next = nullptr;
    {
        const SpinGuard guard{thread.signal_lock};
        // relaxed: changed under the lock.
        const std::uint64_t bits = thread.signals_pending.load(memory_order_relaxed);
        if (info.si_signo >= kFirstRealTime || (bits & bit) == 0) {
            (thread.pending_last != nullptr ? thread.pending_last->next : thread.pending) = entry;
            thread.pending_last = entry;
            // seq_cst: the sender goes on to look at the thread's mask and what it awaits; the
            // thread stores those, then looks here.
            thread.signals_pending.fetch_or(bit, memory_order_seq_cst);
            return true;
        }
    }
    entries.release(entry);  // that signal waits already
    return true;
}

bool take_pending(Thread& thread, std::uint64_t mask, siginfo_t& info,
                  bool for_process_only) noexcept
{
    // relaxed: the lock decides; what comes later comes with a request of its own.
    if ((thread.signals_pending.load(memory_order_relaxed) & mask) == 0) {
        return false;
    }
    PendingSignal* entry = take_entry(thread, mask, for_process_only);
    if (entry == nullptr) {
        return false;
    }
    info = entry->info;
    entries.release(entry);
    return true;
}

void drop_pending(Thread& thread) noexcept
{
    // relaxed: nobody sends it any more.
    if (LT_LIKELY(thread.signals_pending.load(memory_order_relaxed) == 0)) {
        return;
    }
    while (PendingSignal* entry = take_entry(thread, ~std::uint64_t{0}, false)) {
        entries.release(entry);
    }
}

bool take_from_kernel(std::uint64_t mask, siginfo_t& info) noexcept
{
    const std::timespec now{};
    return os::raw_syscall(SYS_rt_sigtimedwait, os::syscall_argument(&mask),
                           os::syscall_argument(&info), os::syscall_argument(&now),
                           sizeof(mask)) > 0;
}

bool hold_signal(const siginfo_t& info) noexcept
{
    return add_pending(process_queue, info, true);
}

bool take_held(std::uint64_t mask, siginfo_t& info) noexcept
{
    return take_pending(process_queue, mask, info);
}

std::uint64_t held_signals() noexcept
{
    // seq_cst: a thread that opens its mask looks here afterwards; who holds a signal looks at the
    // masks afterwards.
    return process_queue.signals_pending.load(memory_order_seq_cst);
}

void lock_pending() noexcept
{
    process_queue.signal_lock.lock();
    entries.lock();
}

void unlock_pending() noexcept
{
    entries.unlock();
    process_queue.signal_lock.unlock();
}

void forget_held_after_fork() noexcept
{
    intake_lock.unlock();  // whoever was there is gone, and so is what waited
    process_queue.pending = process_queue.pending_last = nullptr;
    process_queue.signals_pending.store(0, memory_order_relaxed);  // relaxed: nobody else is here
}

}  // namespace lt
