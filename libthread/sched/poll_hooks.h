// What the scheduler asks of the poller of descriptors, which lies above it (io/poller.cpp).
#pragma once

#include <sys/epoll.h>

#include <cstdint>

#include "base/atomic.h"
#include "lwp/lwp.h"
#include "sched/expiry.h"
#include "sched/thread.h"

namespace lt {

// Threads asleep until a descriptor is ready. Raised by the thread before it sleeps and lowered
// after; read by LWPs that run out of work, whose process-wide fence orders the two.
extern Atomic<std::uint32_t> descriptor_sleepers;

// The LWP that sleeps in the poller instead of on its parker, so that an event finds somebody.
// Taken by an LWP without work, or by the clock LWP when all others are busy or held in the kernel;
// the clock gives it up for an LWP without work. nullptr: nobody watches.
extern Atomic<Lwp*> descriptor_watcher;

struct ReadyEvents {
    static constexpr int kMost = 64;
    int count = 0;
    epoll_event events[kMost];
};

struct PollHooks {
    // Makes threads runnable whose descriptors are ready. Call in a critical region, without locks.
    void (*poll)(Thread& self) = nullptr;
    // Sleeps as the watcher until something is ready, the LWP is unparked or `until` (0: never).
    // False: somebody else watches, or nothing can be; then it has not slept.
    bool (*watch)(Lwp& lwp, std::int64_t until, ReadyEvents& ready) = nullptr;
    // Makes the threads runnable that wait for these. As poll().
    void (*deliver)(Thread& self, const ReadyEvents& ready) = nullptr;
    // For the clock LWP, at each of its looks: waits that began without the kernel's word are made
    // sure of if they last. `young_too`: all of them, for it stops looking. As poll().
    void (*confirm)(Thread& self, bool young_too) = nullptr;
};
extern PollHooks poll_hooks;

inline bool wants_polling()
{
    // relaxed: see its declaration.
    return LT_UNLIKELY(descriptor_sleepers.load(memory_order_relaxed) != 0);
}

// The slow half of is_look_due(): it is the LWP's turn to look.
bool has_reason_to_look(Lwp& lwp) noexcept;

// Counts one look for a thread to run. True: others have had their turn often enough, and what
// threads wait for outside the process is to be looked at first: descriptors and time.
inline bool is_look_due(Lwp& lwp)
{
    constexpr std::uint32_t kEvery = 61;
    return (wants_polling() || LT_UNLIKELY(has_timeouts())) && ++lwp.picks_since_look > kEvery &&
           has_reason_to_look(lwp);
}

// Polls, and fires deadlines. In a critical region, without locks. False: there was no reason to.
bool look_outside(Thread& self, Lwp& lwp) noexcept;

inline void look_if_due(Thread& self, Lwp& lwp)
{
    if (is_look_due(lwp)) {
        look_outside(self, lwp);
    }
}

// Whether sleepers depend on the clock LWP, or on nobody.
inline bool lacks_watcher()
{
    // relaxed: as above.
    const Lwp* watcher = descriptor_watcher.load(memory_order_relaxed);
    return wants_polling() && (watcher == nullptr || watcher->state.load(memory_order_relaxed) ==
                                                         LwpState::kHelper);  // relaxed: set once
}

// To be called by whoever adds a sleeper, or stops watching: an LWP without work takes over, or the
// clock LWP looks.
void find_watcher() noexcept;

}  // namespace lt
