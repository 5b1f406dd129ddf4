#include "thread/stack_surplus.h"

#include <pthread.h>

#include "base/atomic.h"
#include "base/deadline.h"
#include "os/clock.h"
#include "os/kernel_thread.h"
#include "os/tcb.h"
#include "thread/stack_cache.h"

namespace lt {
namespace {

constexpr std::int64_t kUnusedNs = kNanosPerSecond;
// Stacks for one pass through glibc's lock: the list of threads is locked in between, and a fork
// loses no more than that in its child.
constexpr std::uint32_t kAtOnce = 512;

// When the last look was; the clock LWP's own.
constinit std::int64_t last_look = 0;
// Set by the clock LWP, cleared by the task as its last step.
constinit Atomic<std::uint32_t> giving_back{0};

// A task of its own: it calls malloc, and makes pthreads. All signals stay blocked.
void* give_back(void*)
{
    os::name_kernel_thread("lwp/surplus", 0);
    while (os::StackSlot* chain = take_surplus(kAtOnce)) {
        if (os::StackSlot* left = os::tcb_retire(chain)) {
            return_surplus(left);
            break;
        }
    }
    giving_back.store(0, memory_order_release);  // release: the next task finds what this one made
    return nullptr;
}

}  // namespace

std::int64_t look_for_surplus_stacks() noexcept
{
    if (!may_have_surplus() || !os::tcb_can_retire()) {
        return 0;
    }
    const std::int64_t now = os::coarse_now();
    // acquire: pairs with the end of give_back().
    if (giving_back.load(memory_order_acquire) != 0) {
        return now + kUnusedNs;
    }
    if (now - last_look < kUnusedNs) {
        return last_look + kUnusedNs;
    }
    last_look = now;
    const Surplus surplus = note_surplus();
    if (surplus != Surplus::kNow) {
        return surplus == Surplus::kPerhaps ? now + kUnusedNs : 0;
    }
    constexpr std::size_t kStack = 128 * 1024;
    pthread_t handle{};
    giving_back.store(1, memory_order_relaxed);  // relaxed: pthread_create publishes it
    if (os::start_kernel_thread(give_back, nullptr, kStack, &handle) != Error::kNone) {
        giving_back.store(0, memory_order_relaxed);  // relaxed: this LWP's own again
    }
    return now + kUnusedNs;
}

void reset_surplus_after_fork() noexcept
{
    last_look = 0;
    giving_back.store(0, memory_order_relaxed);  // relaxed: nobody else is here
}

}  // namespace lt
