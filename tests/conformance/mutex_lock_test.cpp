// mutex_lock(3C), mutex_trylock, mutex_unlock.
#include <synch.h>
#include <thread.h>

#include "sync_support.h"

namespace conformance {
namespace {

class MutexLock : public ThreadTest {
  protected:
    // What a function of the mutex gives in another thread.
    template <class Function>
    int elsewhere(Function function)
    {
        int result = -1;
        join(start([&] { result = function(); }));
        return result;
    }

    int trylock_elsewhere(mutex_t& mutex)
    {
        return elsewhere([&] {
            const int result = mutex_trylock(&mutex);
            if (result == 0) {
                mutex_unlock(&mutex);
            }
            return result;
        });
    }

    static mutex_t make(int type)
    {
        mutex_t mutex;
        EXPECT_EQ(mutex_init(&mutex, type, nullptr), 0);
        return mutex;
    }
};
INSTANTIATE_TEST_SUITE_P(, MutexLock, bindings(), binding_name);

// MUTEX-07: the total of increments under the mutex is exact.
TEST_P(MutexLock, S07ExcludesOthers)
{
    constexpr int kThreads = 8;
    constexpr int kRounds = 1'000;
    for (const int type : {LOCK_NORMAL, LOCK_ERRORCHECK, LOCK_RECURSIVE, USYNC_PROCESS}) {
        mutex_t mutex = make(type);
        long total = 0;
        std::vector<thread_t> threads;
        for (int i = 0; i < kThreads; ++i) {
            threads.push_back(start([&] {
                for (int round = 0; round < kRounds; ++round) {
                    mutex_lock(&mutex);
                    const long before = total;
                    if (round % 64 == 0) {
                        thr_yield();
                    }
                    total = before + 1;
                    mutex_unlock(&mutex);
                }
            }));
        }
        for (const thread_t id : threads) {
            join(id);
        }
        EXPECT_EQ(total, long{kThreads} * kRounds) << "type " << type;
    }
}

// MUTEX-08: mutex_trylock takes a free mutex.
TEST_P(MutexLock, S08TrylockTakesAFreeMutex)
{
    mutex_t mutex = DEFAULTMUTEX;
    EXPECT_EQ(mutex_trylock(&mutex), 0);
    EXPECT_TRUE(MUTEX_HELD(&mutex));
    EXPECT_EQ(trylock_elsewhere(mutex), EBUSY);
    EXPECT_EQ(mutex_unlock(&mutex), 0);
}

// MUTEX-09: mutex_trylock of another thread's mutex gives EBUSY.
TEST_P(MutexLock, S09TrylockFailsWithEbusyOnAnothersMutex)
{
    mutex_t mutex = DEFAULTMUTEX;
    latch::Gate taken;
    latch::Gate release;
    const thread_t owner = start([&] {
        mutex_lock(&mutex);
        taken.open();
        release.wait();
        mutex_unlock(&mutex);
    });
    ASSERT_TRUE(taken.wait());
    EXPECT_EQ(mutex_trylock(&mutex), EBUSY);
    release.open();
    join(owner);
    EXPECT_EQ(mutex_trylock(&mutex), 0);
    mutex_unlock(&mutex);
}

// MUTEX-10: mutex_trylock of one's own normal mutex gives EBUSY.
TEST_P(MutexLock, S10TrylockFailsWithEbusyOnOnesOwnMutex)
{
    mutex_t mutex = DEFAULTMUTEX;
    EXPECT_EQ(elsewhere([&] {
                  mutex_lock(&mutex);
                  const int result = mutex_trylock(&mutex);
                  mutex_unlock(&mutex);
                  return result;
              }),
              EBUSY);
}

// MUTEX-11: mutex_lock waits until the mutex is unlocked.
TEST_P(MutexLock, S11WaitsForTheUnlock)
{
    mutex_t mutex = DEFAULTMUTEX;
    std::atomic<bool> entered{false};
    mutex_lock(&mutex);
    const thread_t waiter = start([&] {
        EXPECT_EQ(mutex_lock(&mutex), 0);
        entered = true;
        mutex_unlock(&mutex);
    });
    ASSERT_TRUE(sleeps_on(waiter, &mutex));
    EXPECT_TRUE(stays_asleep_on(waiter, &mutex));
    EXPECT_FALSE(entered);
    mutex_unlock(&mutex);
    join(waiter);
    EXPECT_TRUE(entered);
}

// MUTEX-12: a handler runs during the wait, which goes on and ends with 0.
TEST_P(MutexLock, S12GoesOnWaitingAfterAHandledSignal)
{
    const CountingHandler handler{SIGUSR1};
    mutex_t mutex = DEFAULTMUTEX;
    int result = -1;
    mutex_lock(&mutex);
    const thread_t waiter = start([&] {
        result = mutex_lock(&mutex);
        mutex_unlock(&mutex);
    });
    for (int sent = 1; sent <= 3; ++sent) {
        ASSERT_TRUE(sleeps_on(waiter, &mutex));
        EXPECT_EQ(thr_kill(waiter, SIGUSR1), 0);
        ASSERT_TRUE(handler.waits_for(sent));
    }
    EXPECT_EQ(handler.runner(), waiter);
    ASSERT_TRUE(sleeps_on(waiter, &mutex));
    EXPECT_TRUE(stays_asleep_on(waiter, &mutex));
    mutex_unlock(&mutex);
    join(waiter);
    EXPECT_EQ(result, 0);
    EXPECT_EQ(handler.count(), 3);
}

// MUTEX-13: a cancellation requested during or before mutex_lock acts at a later point only.
TEST_P(MutexLock, S13IsNoCancellationPoint)
{
    mutex_t mutex = DEFAULTMUTEX;
    std::atomic<pthread_t> self{0};
    std::atomic<bool> locked{false};
    mutex_lock(&mutex);
    const thread_t waiter = start([&] {
        self = pthread_self();
        EXPECT_EQ(mutex_lock(&mutex), 0);
        locked = true;
        mutex_unlock(&mutex);
        EXPECT_EQ(mutex_lock(&mutex), 0);  // with the request pending from the start
        mutex_unlock(&mutex);
        pthread_testcancel();
        ADD_FAILURE() << "the request was lost";
    });
    ASSERT_TRUE(sleeps_on(waiter, &mutex));
    EXPECT_EQ(pthread_cancel(self), 0);
    // The request may wake it for a moment, at any time, but it goes back to sleep.
    EXPECT_TRUE(bounded::holds_for(kWindow, [&] { return !locked; }));
    EXPECT_TRUE(sleeps_on(waiter, &mutex));
    mutex_unlock(&mutex);
    EXPECT_EQ(join(waiter), PTHREAD_CANCELED);
    EXPECT_TRUE(locked);
    EXPECT_EQ(mutex_trylock(&mutex), 0);
    mutex_unlock(&mutex);
}

// MUTEX-14: locking one's own error-checking mutex gives EDEADLK.
TEST_P(MutexLock, S14ErrorcheckRelockGivesEdeadlk)
{
    mutex_t mutex = make(LOCK_ERRORCHECK);
    EXPECT_EQ(mutex_lock(&mutex), 0);
    EXPECT_EQ(mutex_lock(&mutex), EDEADLK);
    EXPECT_EQ(trylock_elsewhere(mutex), EBUSY);
    EXPECT_EQ(mutex_unlock(&mutex), 0);
    EXPECT_EQ(trylock_elsewhere(mutex), 0);
}

// MUTEX-15: mutex_trylock of one's own error-checking mutex gives EBUSY.
TEST_P(MutexLock, S15ErrorcheckTrylockByTheOwnerGivesEbusy)
{
    mutex_t mutex = make(LOCK_ERRORCHECK);
    EXPECT_EQ(mutex_trylock(&mutex), 0);
    EXPECT_EQ(mutex_trylock(&mutex), EBUSY);
    EXPECT_EQ(mutex_unlock(&mutex), 0);
}

// MUTEX-16: unlocking another's error-checking mutex gives EPERM and leaves it locked.
TEST_P(MutexLock, S16ErrorcheckUnlockByANonOwnerGivesEperm)
{
    mutex_t mutex = make(LOCK_ERRORCHECK);
    mutex_lock(&mutex);
    EXPECT_EQ(elsewhere([&] { return mutex_unlock(&mutex); }), EPERM);
    EXPECT_EQ(trylock_elsewhere(mutex), EBUSY);
    EXPECT_EQ(mutex_unlock(&mutex), 0);
}

// MUTEX-17: unlocking a free error-checking mutex gives EPERM.
TEST_P(MutexLock, S17ErrorcheckUnlockOfAFreeMutexGivesEperm)
{
    mutex_t mutex = make(LOCK_ERRORCHECK);
    EXPECT_EQ(mutex_unlock(&mutex), EPERM);
    EXPECT_EQ(trylock_elsewhere(mutex), 0);
}

// MUTEX-18: a recursive mutex needs as many unlocks as locks.
TEST_P(MutexLock, S18RecursiveNeedsAsManyUnlocks)
{
    constexpr int kDepth = 5;
    mutex_t mutex = make(LOCK_RECURSIVE);
    for (int i = 0; i < kDepth; ++i) {
        EXPECT_EQ(mutex_lock(&mutex), 0);
    }
    for (int i = 0; i < kDepth; ++i) {
        EXPECT_EQ(trylock_elsewhere(mutex), EBUSY) << i << " unlocks";
        EXPECT_EQ(mutex_unlock(&mutex), 0);
    }
    EXPECT_EQ(trylock_elsewhere(mutex), 0);
}

// MUTEX-19: mutex_trylock by the owner of a recursive mutex succeeds, and counts.
TEST_P(MutexLock, S19RecursiveTrylockByTheOwnerSucceeds)
{
    mutex_t mutex = make(LOCK_RECURSIVE);
    EXPECT_EQ(mutex_trylock(&mutex), 0);
    EXPECT_EQ(mutex_trylock(&mutex), 0);
    EXPECT_EQ(mutex_unlock(&mutex), 0);
    EXPECT_EQ(trylock_elsewhere(mutex), EBUSY);
    EXPECT_EQ(mutex_unlock(&mutex), 0);
    EXPECT_EQ(trylock_elsewhere(mutex), 0);
}

// MUTEX-20: the first 256 nested locks succeed, the next gives EAGAIN and changes nothing.
TEST_P(MutexLock, S20RecursiveDepthIsLimitedTo256)
{
    constexpr int kLimit = 256;
    mutex_t mutex = make(LOCK_RECURSIVE);
    for (int i = 0; i < kLimit; ++i) {
        ASSERT_EQ(mutex_lock(&mutex), 0) << i;
    }
    EXPECT_EQ(mutex_lock(&mutex), EAGAIN);
    EXPECT_EQ(mutex_trylock(&mutex), EAGAIN);
    for (int i = 0; i < kLimit; ++i) {
        ASSERT_EQ(trylock_elsewhere(mutex), EBUSY) << i << " unlocks";
        ASSERT_EQ(mutex_unlock(&mutex), 0) << i;
    }
    EXPECT_EQ(trylock_elsewhere(mutex), 0);
}

// MUTEX-21: a recursive error-checking mutex refuses another's unlock with EPERM.
TEST_P(MutexLock, S21RecursiveErrorcheckUnlockByANonOwnerGivesEperm)
{
    mutex_t mutex = make(LOCK_RECURSIVE | LOCK_ERRORCHECK);
    mutex_lock(&mutex);
    mutex_lock(&mutex);
    EXPECT_EQ(elsewhere([&] { return mutex_unlock(&mutex); }), EPERM);
    EXPECT_EQ(mutex_unlock(&mutex), 0);
    EXPECT_EQ(trylock_elsewhere(mutex), EBUSY);
    EXPECT_EQ(mutex_unlock(&mutex), 0);
}

// The exit status tells what the second lock gave; a deadlock never gets there.
const child::Program relock_alone{"relock_alone", [] {
                                      mutex_t mutex = DEFAULTMUTEX;
                                      mutex_lock(&mutex);
                                      return mutex_lock(&mutex);
                                  }};

// MUTEX-23: relocking a normal mutex in a process of one thread: EDEADLK, or a deadlock; never a
// second success.
TEST_P(MutexLock, S23NormalRelockAloneNeverSucceeds)
{
    child::Options options;
    options.limit = 1s;
    const child::Outcome outcome = child::run(relock_alone, options);
    EXPECT_TRUE(outcome.timed_out || (outcome.exited && outcome.exit_status == EDEADLK))
        << outcome.describe();
}

// MUTEX-24: another thread may unlock a normal mutex, which then is free.
TEST_P(MutexLock, S24NormalUnlockByANonOwnerSucceeds)
{
    mutex_t mutex = DEFAULTMUTEX;
    mutex_lock(&mutex);
    EXPECT_EQ(elsewhere([&] { return mutex_unlock(&mutex); }), 0);
    EXPECT_EQ(trylock_elsewhere(mutex), 0);
}

// Turns in MUTEX-25 after which a thread is not starved.
constexpr int kEnough = 500;

// MUTEX-25: under contention each of eight threads gets the mutex again and again.
TEST_P(MutexLock, S25StarvesNobody)
{
    constexpr int kThreads = 8;
    mutex_t mutex = DEFAULTMUTEX;
    std::atomic<bool> stop{false};
    std::array<std::atomic<int>, kThreads> turns{};
    std::vector<thread_t> threads;
    for (auto& mine : turns) {
        threads.push_back(start([&] {
            while (!stop) {
                mutex_lock(&mutex);
                ++mine;
                mutex_unlock(&mutex);
                if (mine % 16 == 0) {
                    thr_yield();
                }
            }
        }));
    }
    const auto all_had_enough = [&] {
        return std::all_of(turns.begin(), turns.end(), [](auto& mine) { return mine >= kEnough; });
    };
    EXPECT_TRUE(bounded::until(all_had_enough));
    stop = true;
    for (const thread_t id : threads) {
        join(id);
    }
}

sema_t posted_by_handler;

// MUTEX-32: a handler may post a semaphore although the thread it runs in holds a mutex.
TEST_P(MutexLock, S32HandlerMayPostWhileAMutexIsHeld)
{
    sema_init(&posted_by_handler, 0, USYNC_THREAD, nullptr);
    struct sigaction action {};
    action.sa_handler = [](int) { sema_post(&posted_by_handler); };
    struct sigaction before {};
    sigaction(SIGUSR1, &action, &before);

    mutex_t mutex = DEFAULTMUTEX;
    latch::Gate released;
    const thread_t waiter = start([&] {
        EXPECT_EQ(sema_wait(&posted_by_handler), 0);
        released.open();
    });
    ASSERT_TRUE(sleeps_on(waiter, &posted_by_handler));
    const thread_t holder = start([&] {
        mutex_lock(&mutex);
        EXPECT_EQ(thr_kill(thr_self(), SIGUSR1), 0);
        EXPECT_TRUE(released.wait());
        EXPECT_EQ(mutex_unlock(&mutex), 0);
    });
    join(waiter);
    join(holder);
    sigaction(SIGUSR1, &before, nullptr);
}

}  // namespace
}  // namespace conformance
