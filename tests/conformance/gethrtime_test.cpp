// gethrtime(3C), gethrvtime(3C)
#include <time.h>

#include "conformance/fixture.h"

namespace conformance {
namespace {

constexpr hrtime_t kMillisecond = 1'000'000;

class Gethrtime : public ThreadTest {};

INSTANTIATE_TEST_SUITE_P(Threads, Gethrtime, bindings(), binding_name);

// COMP-01: gethrtime never goes back, whichever thread asks: a time published by one thread is not
// later than what another reads afterwards. That it does not follow the wall clock is its clock's
// nature: it agrees with CLOCK_MONOTONIC.
TEST_P(Gethrtime, S01NeverGoesBack)
{
    std::atomic<hrtime_t> latest{0};
    std::atomic<int> faults{0};
    const auto work = [&] {
        hrtime_t before = 0;
        for (int round = 0; round < 2000; ++round) {
            const hrtime_t published = latest.load();
            const hrtime_t now = gethrtime();
            faults += now < published || now < before ? 1 : 0;
            before = now;
            latest.store(now);
            if (round % 64 == 0) {
                thr_yield();
            }
        }
    };
    const thread_t first = start(work);
    const thread_t second = start(work);
    join(first);
    join(second);
    EXPECT_EQ(faults.load(), 0);
    timespec begin{};
    timespec end{};
    clock_gettime(CLOCK_MONOTONIC, &begin);
    const hrtime_t now = gethrtime();
    clock_gettime(CLOCK_MONOTONIC, &end);
    EXPECT_GE(now, begin.tv_sec * 1000 * kMillisecond + begin.tv_nsec);
    EXPECT_LE(now, end.tv_sec * 1000 * kMillisecond + end.tv_nsec);
}

// COMP-02: it tells microseconds apart, and a sleep of 100 ms lasts no less by it.
TEST_P(Gethrtime, S02CountsInFineSteps)
{
    hrtime_t least = 100 * kMillisecond;
    for (int round = 0; round < 1000; ++round) {
        const hrtime_t begin = gethrtime();
        hrtime_t end = begin;
        while (end == begin) {
            end = gethrtime();
        }
        least = std::min(least, end - begin);
    }
    EXPECT_LE(least, 1000);
    const timespec nap{0, 100 * kMillisecond};
    const hrtime_t begin = gethrtime();
    nanosleep(&nap, nullptr);
    EXPECT_GE(gethrtime() - begin, 100 * kMillisecond);
}

// Computes, without a pause, until the calling thread has used `time`; fails when that takes for
// ever.
void compute_for(hrtime_t time)
{
    const hrtime_t end = gethrvtime() + time;
    EXPECT_TRUE(bounded::compute_until([end] { return gethrvtime() >= end; }));
}

// COMP-03: gethrvtime counts the caller's processor time alone: it grows when the caller computes,
// and neither sleeping nor the work of other threads counts.
TEST_P(Gethrtime, S03CountsOwnProcessorTime)
{
    hrtime_t asleep = -1;
    hrtime_t beside_others = -1;
    hrtime_t computing = -1;
    join(start([&] {
        hrtime_t begin = gethrvtime();
        const timespec nap{0, 20 * kMillisecond};
        nanosleep(&nap, nullptr);
        asleep = gethrvtime() - begin;
        begin = gethrvtime();
        // Whoever computes meanwhile may do so on the same LWP.
        join(start([] { compute_for(20 * kMillisecond); }));
        beside_others = gethrvtime() - begin;
        begin = gethrvtime();
        compute_for(3 * kMillisecond);
        computing = gethrvtime() - begin;
    }));
    EXPECT_GE(asleep, 0);
    EXPECT_LT(asleep, 10 * kMillisecond);
    EXPECT_GE(beside_others, 0);
    EXPECT_LT(beside_others, 10 * kMillisecond);
    EXPECT_GE(computing, 3 * kMillisecond);
}

// COMP-03: and of threads that take turns, each is charged its own turns.
TEST_P(Gethrtime, S03ChargesTurnsToTheirThreads)
{
    hrtime_t idle_time = -1;
    std::atomic<bool> done{false};
    const thread_t idle = start([&] {
        const hrtime_t begin = gethrvtime();
        for (int round = 0; round < 100; ++round) {
            thr_yield();
        }
        idle_time = gethrvtime() - begin;
        done.store(true);
    });
    const thread_t busy = start([&] {
        const hrtime_t end = gethrvtime() + 30 * kMillisecond;
        while (gethrvtime() < end) {
            const hrtime_t turn = gethrvtime() + kMillisecond / 2;
            while (gethrvtime() < turn) {}
            thr_yield();
        }
    });
    join(idle);
    join(busy);
    EXPECT_TRUE(done.load());
    EXPECT_GE(idle_time, 0);
    EXPECT_LT(idle_time, 15 * kMillisecond);
}

}  // namespace
}  // namespace conformance
