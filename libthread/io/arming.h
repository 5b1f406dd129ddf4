// The entries of descriptors that threads wait for: linking waits, registering the descriptor,
// making sure of what was taken for granted. See io/poller.h. In critical regions.
#pragma once

#include "io/fd_table.h"
#include "sched/scheduler.h"

namespace lt::io {

// Threads taken off their sleep queues, to be resumed without locks.
struct Woken {
    WakeList threads;

    void add(Thread* thread)
    {
        if (thread != nullptr) {
            thread->wake_cause = WakeCause::kWoken;
            threads.add(*thread);
        }
    }

    void resume_all(Thread& self) const noexcept { make_all_runnable(self, threads); }
};

// 0 or an error number; ENOENT: the number names another file than the one registered.
int arm(FdEntry& entry, int fd, std::uint32_t events) noexcept LT_REQUIRES(entry.lock);

// Arms for those that are there. What cannot be armed cannot be waited for.
void arm_for_all(FdEntry& entry, int fd, std::uint32_t events, Woken& woken) noexcept
    LT_REQUIRES(entry.lock);

// Whether the wait may begin without arming.
bool begins_unconfirmed(FdEntry& entry, const WaitNode& node, int fd) noexcept
    LT_REQUIRES(entry.lock);

std::uint32_t wanted_by_all(const FdEntry& entry) noexcept LT_REQUIRES(entry.lock);

// Behind the others that wait for the same.
void link(FdEntry& entry, WaitNode& node) noexcept LT_REQUIRES(entry.lock);
void unlink(FdEntry& entry, WaitNode& node) noexcept LT_REQUIRES(entry.lock);

// Ends the wait.
void end_node(FdEntry& entry, WaitNode& node, Waiter::Outcome outcome, Woken& woken) noexcept
    LT_REQUIRES(entry.lock);

// Ends the waits for the descriptor.
void end_all(FdEntry& entry, Waiter::Outcome outcome, Woken& woken) noexcept
    LT_REQUIRES(entry.lock);

// The number names another file than the one registered, or none. Those who have been seen waiting
// for that one fail; the unconfirmed try again.
void end_stale(FdEntry& entry, Woken& woken) noexcept LT_REQUIRES(entry.lock);

// A look of the clock LWP, which is `self`: unconfirmed waits that last are armed. `young_too`:
// all of them.
void confirm_waits(Thread& self, bool young_too);

// In the child of fork.
void forget_unconfirmed() noexcept;

}  // namespace lt::io
