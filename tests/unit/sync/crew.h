// Threads for the tests of synchronisation objects, and memory that can vanish.
#pragma once

#include <synch.h>
#include <thread.h>

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <chrono>
#include <new>

#include "support/bounded.h"
#include "support/crew.h"
#include "support/rounds.h"
#include "sync/sleep_queue.h"

namespace lt_test {

using crew::Crew;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

// Lets time pass: for tests of what depends on nothing else.
inline void let_pass(milliseconds time)
{
    const auto until = steady_clock::now() + time;
    while (steady_clock::now() < until) {
        thr_yield();
    }
}

// How many sleep on a private object.
inline int sleepers_on(const void* object)
{
    const lt::CriticalRegion region{lt::current()};
    lt::SleepQueue& queue = lt::sleep_queue_of(object);
    const lt::SpinGuard guard{queue.lock};
    int count = 0;
    lt::Thread* first = lt::peek_first(queue, object);
    for (lt::Thread* t = first; t != nullptr; t = lt::sleeper_after(*t, *first)) {
        // relaxed: a test's look under the lock. Who is still on the way is not counted.
        count += t->state.load(std::memory_order_relaxed) == lt::ThreadState::kSleeping ? 1 : 0;
    }
    return count;
}

// An object on pages of its own: once dropped, any touch of it ends the test.
template <class Object>
class OnItsOwnPage {
  public:
    static Object* make()
    {
        void* page = ::mmap(nullptr, sizeof(Object), PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        return page == MAP_FAILED ? nullptr : new (page) Object{};
    }

    static void drop(Object* object) { ::munmap(object, sizeof(Object)); }
};

}  // namespace lt_test
