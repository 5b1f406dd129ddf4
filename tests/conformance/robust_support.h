// What the tests of robust mutexes share.
#pragma once

#include <synch.h>
#include <thread.h>

#include "sync_support.h"

namespace conformance {

// Another thread takes the mutex and ends with it.
class RobustTest : public ThreadTest {
  protected:
    void abandon(mutex_t& mutex, int taken_as = 0)
    {
        join(start([&] { EXPECT_EQ(mutex_lock(&mutex), taken_as); }));
    }

    // Another thread's attempt, undone if it succeeds.
    int trylock_elsewhere(mutex_t& mutex)
    {
        int result = -1;
        join(start([&] {
            result = mutex_trylock(&mutex);
            if (result == 0) {
                EXPECT_EQ(mutex_unlock(&mutex), 0);
            }
        }));
        return result;
    }

    // Takes an abandoned mutex, and gives it up as it is.
    void lose(mutex_t& mutex)
    {
        EXPECT_EQ(mutex_lock(&mutex), EOWNERDEAD);
        EXPECT_EQ(mutex_unlock(&mutex), 0);
    }

    void expect_works(mutex_t& mutex)
    {
        EXPECT_EQ(mutex_lock(&mutex), 0);
        EXPECT_EQ(trylock_elsewhere(mutex), EBUSY);
        EXPECT_EQ(mutex_unlock(&mutex), 0);
        EXPECT_EQ(trylock_elsewhere(mutex), 0);
    }
};

inline constexpr int kPrivateRobust = USYNC_THREAD | LOCK_ROBUST;
inline constexpr int kSharedRobust = USYNC_PROCESS | LOCK_ROBUST;
inline constexpr int kRobustTypes[] = {kPrivateRobust, kSharedRobust, USYNC_PROCESS_ROBUST,
                                       kPrivateRobust | LOCK_PRIO_INHERIT};

// Whether waiters sleep where the library shows them.
inline bool is_private(int type)
{
    return (type & (USYNC_PROCESS | USYNC_PROCESS_ROBUST)) == 0;
}

}  // namespace conformance
