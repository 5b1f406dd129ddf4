// cond_timedwait(3C), cond_reltimedwait.
#include <synch.h>
#include <thread.h>

#include "sync_support.h"

namespace conformance {
namespace {

constexpr auto kWait = 200ms;

class CondTimedwait : public ThreadTest {
  protected:
    // Runs function() in a thread of the parameter's kind with the mutex held, and expects it held
    // afterwards.
    template <class Function>
    int with_mutex(Function function)
    {
        int result = -1;
        join(start([&] {
            mutex_lock(&mutex_);
            result = function();
            EXPECT_EQ(mutex_held(&mutex_), 1);
            mutex_unlock(&mutex_);
        }));
        return result;
    }

    int timed_wait(const timestruc_t& time)
    {
        return with_mutex([&] { return cond_timedwait(&cond_, &mutex_, &time); });
    }

    int relative_wait(const timestruc_t& time)
    {
        return with_mutex([&] { return cond_reltimedwait(&cond_, &mutex_, &time); });
    }

    mutex_t mutex_{};
    cond_t cond_{};
};
INSTANTIATE_TEST_SUITE_P(, CondTimedwait, bindings(), binding_name);

// COND-14: a time in the past gives ETIME at once, the mutex is held.
TEST_P(CondTimedwait, S14PastTimeGivesEtimeAtOnce)
{
    const auto before = read_clock(CLOCK_MONOTONIC);
    EXPECT_EQ(timed_wait(from_now(-1s)), ETIME);
    EXPECT_EQ(timed_wait({0, 0}), ETIME);
    EXPECT_EQ(timed_wait({1, 0}), ETIME);
    EXPECT_LT(read_clock(CLOCK_MONOTONIC) - before, bounded::kPatience);
}

// COND-15: without a signal the wait ends with ETIME, not before the time.
TEST_P(CondTimedwait, S15GivesEtimeNotBeforeTheTime)
{
    const auto end = read_clock(CLOCK_REALTIME) + kWait;
    EXPECT_EQ(timed_wait(to_timestruc(end)), ETIME);
    const auto now = read_clock(CLOCK_REALTIME);
    EXPECT_GE(now, end);
    EXPECT_LT(now, end + bounded::kPatience);
}

// COND-16: signalled in time, the wait gives 0.
TEST_P(CondTimedwait, S16SignalledInTimeGivesZero)
{
    for (const bool relative : {false, true}) {
        int result = -1;
        const thread_t waiter = start([&] {
            mutex_lock(&mutex_);
            const timestruc_t time = relative ? timestruc_t{60, 0} : from_now(60s);
            result = relative ? cond_reltimedwait(&cond_, &mutex_, &time)
                              : cond_timedwait(&cond_, &mutex_, &time);
            mutex_unlock(&mutex_);
        });
        ASSERT_TRUE(sleeps_on(waiter, &cond_));
        cond_signal(&cond_);
        join(waiter);
        EXPECT_EQ(result, 0);
    }
}

// COND-17: the error is ETIME, which is not ETIMEDOUT.
TEST_P(CondTimedwait, S17ErrorIsEtimeNotEtimedout)
{
    static_assert(ETIME != ETIMEDOUT);
    EXPECT_EQ(timed_wait(from_now(1ms)), ETIME);
    EXPECT_EQ(relative_wait({0, 1'000'000}), ETIME);
}

// COND-18: nanoseconds outside 0..999,999,999 give EINVAL, the mutex stays held.
TEST_P(CondTimedwait, S18RefusesBadNanoseconds)
{
    for (const long nanoseconds : {kNanosecondsPerSecond, -1L, 2 * kNanosecondsPerSecond}) {
        timestruc_t absolute = from_now(60s);
        absolute.tv_nsec = nanoseconds;
        EXPECT_EQ(timed_wait(absolute), EINVAL) << nanoseconds;
        EXPECT_EQ(relative_wait({1, nanoseconds}), EINVAL) << nanoseconds;
    }
    // The greatest good value.
    EXPECT_EQ(timed_wait({1, kNanosecondsPerSecond - 1}), ETIME);
}

// COND-19: cond_reltimedwait gives ETIME after the time, not before.
TEST_P(CondTimedwait, S19RelativeWaitLastsAsLongAsAsked)
{
    const auto before = read_clock(CLOCK_MONOTONIC);
    EXPECT_EQ(relative_wait(to_timestruc(kWait)), ETIME);
    const auto elapsed = read_clock(CLOCK_MONOTONIC) - before;
    EXPECT_GE(elapsed, kWait);
    EXPECT_LT(elapsed, bounded::kPatience);
}

// COND-20: negative seconds give EINVAL.
TEST_P(CondTimedwait, S20RelativeWaitRefusesNegativeSeconds)
{
    EXPECT_EQ(relative_wait({-1, 0}), EINVAL);
    EXPECT_EQ(relative_wait({-1, 500}), EINVAL);
}

// COND-21: no time at all gives ETIME.
TEST_P(CondTimedwait, S21RelativeWaitOfZeroGivesEtime)
{
    const auto before = read_clock(CLOCK_MONOTONIC);
    EXPECT_EQ(relative_wait({0, 0}), ETIME);
    EXPECT_LT(read_clock(CLOCK_MONOTONIC) - before, bounded::kPatience);
}

// COND-22: a caught signal ends timed waits with EINTR.
TEST_P(CondTimedwait, S22ReturnsEintrAfterACaughtSignal)
{
    for (const int flags : {0, SA_RESTART}) {
        for (const bool relative : {false, true}) {
            const CountingHandler handler{SIGUSR1, flags};
            int result = -1;
            int held = -1;
            const thread_t waiter = start([&] {
                mutex_lock(&mutex_);
                const timestruc_t time = relative ? timestruc_t{60, 0} : from_now(60s);
                result = relative ? cond_reltimedwait(&cond_, &mutex_, &time)
                                  : cond_timedwait(&cond_, &mutex_, &time);
                held = mutex_held(&mutex_);
                mutex_unlock(&mutex_);
            });
            ASSERT_TRUE(sleeps_on(waiter, &cond_));
            EXPECT_EQ(thr_kill(waiter, SIGUSR1), 0);
            join(waiter);
            EXPECT_EQ(result, EINTR);
            EXPECT_EQ(held, 1);
            EXPECT_EQ(handler.count(), 1);
        }
    }
}

// COND-23: the relative time is not modified.
TEST_P(CondTimedwait, S23LeavesTheRelativeTimeAlone)
{
    const timestruc_t before = to_timestruc(5ms);
    timestruc_t time = before;
    EXPECT_EQ(relative_wait(time), ETIME);
    EXPECT_EQ(time.tv_sec, before.tv_sec);
    EXPECT_EQ(time.tv_nsec, before.tv_nsec);
}

// COND-15: many waiters with times of their own, in one queue of deadlines: none leaves too early.
TEST_P(CondTimedwait, S15ManyWaitersEachLeaveNotBeforeTheirTime)
{
    constexpr int kWaiters = 50;
    std::vector<thread_t> waiters;
    std::atomic<int> early{0};
    for (int i = 0; i < kWaiters; ++i) {
        const auto wait = std::chrono::milliseconds{(i * 37) % 100};
        waiters.push_back(start([&, wait] {
            const auto end = read_clock(CLOCK_REALTIME) + wait;
            const timestruc_t time = to_timestruc(end);
            mutex_lock(&mutex_);
            EXPECT_EQ(cond_timedwait(&cond_, &mutex_, &time), ETIME);
            mutex_unlock(&mutex_);
            early += read_clock(CLOCK_REALTIME) < end ? 1 : 0;
        }));
    }
    for (const thread_t id : waiters) {
        join(id);
    }
    EXPECT_EQ(early, 0);
}

}  // namespace
}  // namespace conformance
