// Threads that meet at a condition variable.
#pragma once

#include <ctime>

#include "crew.h"
#include "sync/mutex.h"
#include "sync/sleep_queue.h"

namespace lt_test {

inline timestruc_t wall_clock_in(milliseconds time)
{
    timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    const long long ns = now.tv_nsec + time.count() * 1'000'000;
    return {now.tv_sec + ns / 1'000'000'000, ns % 1'000'000'000};
}

struct Pair {
    mutex_t mutex{};
    cond_t cond{};
};

// Threads that wait until a flag is up, and the count of those inside cond_wait: a waiter counts
// itself before it gives up the mutex, so who holds the mutex knows it queued.
struct Gate : Pair {
    int waiting = 0;
    int through = 0;
    bool open = false;

    void pass()
    {
        EXPECT_EQ(mutex_lock(&mutex), 0);
        ++waiting;
        while (!open) {
            EXPECT_EQ(cond_wait(&cond, &mutex), 0);
        }
        --waiting;
        ++through;
        EXPECT_EQ(mutex_unlock(&mutex), 0);
    }

    bool has_waiting(int count)
    {
        mutex_lock(&mutex);
        const bool enough = waiting == count;
        mutex_unlock(&mutex);
        return enough;
    }
};

}  // namespace lt_test
