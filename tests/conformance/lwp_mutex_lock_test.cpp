// _lwp_mutex_lock(2), _lwp_cond_wait(2), _lwp_sema_wait(2).
#include <thread.h>

#include <signal.h>
#include <sys/lwp.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <climits>

#include "conformance/sync_support.h"

namespace conformance {
namespace {

class LwpObjects : public ThreadTest {
  protected:
    // A thread that is to be found waiting in the kernel.
    template <class Wait>
    thread_t start_waiter(blocked::Marker& marker, std::atomic<int>& result, Wait wait)
    {
        const thread_t id = start([&marker, &result, wait] {
            marker.about_to_wait();
            result.store(wait());
        });
        EXPECT_TRUE(marker.seen_waiting());
        return id;
    }
};

INSTANTIATE_TEST_SUITE_P(Threads, LwpObjects, bindings(), binding_name);

// LWP-17: a zeroed mutex is ready; held, it is busy, for its holder too.
TEST_P(LwpObjects, S17LocksAZeroedMutex)
{
    lwp_mutex_t mutex{};
    EXPECT_EQ(_lwp_mutex_lock(&mutex), 0);
    EXPECT_EQ(_lwp_mutex_trylock(&mutex), EBUSY);
    std::atomic<bool> locked{false};
    const thread_t other = start([&] {
        EXPECT_EQ(_lwp_mutex_trylock(&mutex), EBUSY);
        EXPECT_EQ(_lwp_mutex_lock(&mutex), 0);
        locked.store(true);
        EXPECT_EQ(_lwp_mutex_unlock(&mutex), 0);
    });
    EXPECT_TRUE(bounded::holds_for(20ms, [&] { return !locked.load(); }));
    EXPECT_EQ(_lwp_mutex_unlock(&mutex), 0);
    join(other);
    EXPECT_EQ(_lwp_mutex_trylock(&mutex), 0);
    EXPECT_EQ(_lwp_mutex_unlock(&mutex), 0);
}

// LWP-18: waiters of a condition are woken by a signal and by a broadcast.
TEST_P(LwpObjects, S18WakesWaitersOfACondition)
{
    lwp_mutex_t mutex{};
    lwp_cond_t cond{};
    int turns = 0;  // guarded by mutex
    std::array<thread_t, 3> waiters{};
    for (thread_t& waiter : waiters) {
        waiter = start([&] {
            EXPECT_EQ(_lwp_mutex_lock(&mutex), 0);
            while (turns == 0) {
                EXPECT_EQ(_lwp_cond_wait(&cond, &mutex), 0);
            }
            --turns;
            EXPECT_EQ(_lwp_mutex_unlock(&mutex), 0);
        });
    }
    EXPECT_EQ(_lwp_mutex_lock(&mutex), 0);
    turns = 1;
    EXPECT_EQ(_lwp_cond_signal(&cond), 0);
    EXPECT_EQ(_lwp_mutex_unlock(&mutex), 0);
    EXPECT_EQ(thr_join(0, nullptr, nullptr), 0);
    EXPECT_EQ(_lwp_mutex_lock(&mutex), 0);
    turns = 2;
    EXPECT_EQ(_lwp_cond_broadcast(&cond), 0);
    EXPECT_EQ(_lwp_mutex_unlock(&mutex), 0);
    EXPECT_EQ(thr_join(0, nullptr, nullptr), 0);
    EXPECT_EQ(thr_join(0, nullptr, nullptr), 0);
}

// LWP-19: a time that has passed gives ETIME, with the mutex held.
TEST_P(LwpObjects, S19ReportsATimeThatHasPassed)
{
    lwp_mutex_t mutex{};
    lwp_cond_t cond{};
    EXPECT_EQ(_lwp_mutex_lock(&mutex), 0);
    timestruc_t past = from_now(-1s);
    EXPECT_EQ(_lwp_cond_timedwait(&cond, &mutex, &past), ETIME);
    EXPECT_EQ(_lwp_mutex_trylock(&mutex), EBUSY);
    timestruc_t wrong{0, kNanosecondsPerSecond};
    EXPECT_EQ(_lwp_cond_timedwait(&cond, &mutex, &wrong), EINVAL);
    EXPECT_EQ(_lwp_mutex_unlock(&mutex), 0);
}

// LWP-20: an interval is waited for.
TEST_P(LwpObjects, S20WaitsForAnInterval)
{
    lwp_mutex_t mutex{};
    lwp_cond_t cond{};
    EXPECT_EQ(_lwp_mutex_lock(&mutex), 0);
    timestruc_t interval{0, 20'000'000};
    const auto before = read_clock(CLOCK_MONOTONIC);
    EXPECT_EQ(_lwp_cond_reltimedwait(&cond, &mutex, &interval), ETIME);
    EXPECT_GE(read_clock(CLOCK_MONOTONIC) - before, 20ms);
    EXPECT_EQ(_lwp_mutex_trylock(&mutex), EBUSY);
    EXPECT_EQ(_lwp_mutex_unlock(&mutex), 0);
}

// LWP-21: a handler ends the wait for a condition, with the mutex held.
TEST_P(LwpObjects, S21IsInterruptedAtACondition)
{
    const CountingHandler handler{SIGUSR1};
    static lwp_mutex_t mutex;
    static lwp_cond_t cond;
    mutex = {};
    cond = {};
    blocked::Marker marker;
    std::atomic<int> result{-1};
    const thread_t waiter = start_waiter(marker, result, [] {
        EXPECT_EQ(_lwp_mutex_lock(&mutex), 0);
        const int error = _lwp_cond_wait(&cond, &mutex);
        EXPECT_EQ(_lwp_mutex_trylock(&mutex), EBUSY);
        EXPECT_EQ(_lwp_mutex_unlock(&mutex), 0);
        return error;
    });
    EXPECT_EQ(_lwp_kill(waiter, SIGUSR1), 0);
    join(waiter);
    EXPECT_EQ(result.load(), EINTR);
    EXPECT_EQ(CountingHandler::count(), 1);
}

// LWP-21: but suspension is none of a waiter's business.
TEST_P(LwpObjects, S21GoesOnWaitingAfterASuspension)
{
    static lwp_sema_t sema;
    EXPECT_EQ(_lwp_sema_init(&sema, 0), 0);
    blocked::Marker marker;
    std::atomic<int> result{-1};
    const thread_t waiter = start_waiter(marker, result, [] { return _lwp_sema_wait(&sema); });
    EXPECT_EQ(_lwp_suspend(waiter), 0);
    EXPECT_EQ(_lwp_continue(waiter), 0);
    EXPECT_TRUE(bounded::holds_for(20ms, [&] { return result.load() == -1; }));
    EXPECT_EQ(_lwp_sema_post(&sema), 0);
    join(waiter);
    EXPECT_EQ(result.load(), 0);
}

// LWP-22: a semaphore counts.
TEST_P(LwpObjects, S22CountsInASemaphore)
{
    lwp_sema_t sema{};
    EXPECT_EQ(_lwp_sema_trywait(&sema), EBUSY);  // zeroed: ready, and 0
    EXPECT_EQ(_lwp_sema_init(&sema, -1), EINVAL);
    EXPECT_EQ(_lwp_sema_init(&sema, 2), 0);
    EXPECT_EQ(_lwp_sema_wait(&sema), 0);
    EXPECT_EQ(_lwp_sema_trywait(&sema), 0);
    EXPECT_EQ(_lwp_sema_trywait(&sema), EBUSY);
    std::atomic<bool> taken{false};
    const thread_t waiter = start([&] {
        EXPECT_EQ(_lwp_sema_wait(&sema), 0);
        taken.store(true);
    });
    EXPECT_TRUE(bounded::holds_for(20ms, [&] { return !taken.load(); }));
    EXPECT_EQ(_lwp_sema_post(&sema), 0);
    join(waiter);
}

// LWP-23: a handler ends the wait for a semaphore.
TEST_P(LwpObjects, S23IsInterruptedAtASemaphore)
{
    const CountingHandler handler{SIGUSR1};
    static lwp_sema_t sema;
    EXPECT_EQ(_lwp_sema_init(&sema, 0), 0);
    blocked::Marker marker;
    std::atomic<int> result{-1};
    const thread_t waiter = start_waiter(marker, result, [] { return _lwp_sema_wait(&sema); });
    EXPECT_EQ(_lwp_kill(waiter, SIGUSR1), 0);
    join(waiter);
    EXPECT_EQ(result.load(), EINTR);
}

// LWP-24: the count has a maximum.
TEST_P(LwpObjects, S24HasAMaximum)
{
    lwp_sema_t sema{};
    EXPECT_EQ(_lwp_sema_init(&sema, INT_MAX), 0);
    EXPECT_EQ(_lwp_sema_post(&sema), EOVERFLOW);
    EXPECT_EQ(_lwp_sema_wait(&sema), 0);
    EXPECT_EQ(_lwp_sema_post(&sema), 0);
}

struct LwpShared {
    lwp_mutex_t mutex;
    lwp_cond_t cond;
    lwp_sema_t sema;
    int turns;
};

// LWP-25: zeroed objects in shared memory work between processes.
TEST_P(LwpObjects, S25WorksBetweenProcesses)
{
    void* const memory =
        mmap(nullptr, sizeof(LwpShared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ASSERT_NE(memory, MAP_FAILED);
    LwpShared& shared = *static_cast<LwpShared*>(memory);
    EXPECT_EQ(_lwp_mutex_lock(&shared.mutex), 0);
    const pid_t child = fork();
    ASSERT_NE(child, -1);
    if (child == 0) {
        // Waits for its turn, and then says so.
        int error = _lwp_sema_post(&shared.sema) | _lwp_mutex_lock(&shared.mutex);
        while (error == 0 && shared.turns == 0) {
            error = _lwp_cond_wait(&shared.cond, &shared.mutex);
        }
        shared.turns = 2;
        error |= _lwp_cond_signal(&shared.cond) | _lwp_mutex_unlock(&shared.mutex);
        _exit(error);
    }
    EXPECT_EQ(_lwp_sema_wait(&shared.sema), 0);
    shared.turns = 1;
    while (shared.turns == 1) {
        EXPECT_EQ(_lwp_cond_signal(&shared.cond), 0);
        timestruc_t moment{0, 5'000'000};
        const int error = _lwp_cond_reltimedwait(&shared.cond, &shared.mutex, &moment);
        EXPECT_TRUE(error == 0 || error == ETIME) << error;
    }
    EXPECT_EQ(_lwp_mutex_unlock(&shared.mutex), 0);
    int status = -1;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
    munmap(memory, sizeof(LwpShared));
}

}  // namespace
}  // namespace conformance
