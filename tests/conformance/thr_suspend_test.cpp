// thr_suspend(3C), thr_continue(3C).
#include <thread.h>

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "conformance/signal_sets.h"
#include "conformance/suspend_support.h"
#include "conformance/two_level_support.h"

namespace conformance {
namespace {

class ThrSuspend : public SuspensionTest {};

INSTANTIATE_TEST_SUITE_P(Threads, ThrSuspend, bindings(), binding_name);

// THR-SUSP-01: the target makes no progress once thr_suspend has returned.
// THR-SUSP-02: thr_continue resumes it.
TEST_P(ThrSuspend, S01StopsAThreadThatComputes)
{
    Counter counter;
    const thread_t id = start_counting(counter);
    for (int round = 0; round < 3; ++round) {
        EXPECT_EQ(thr_suspend(id), 0);
        EXPECT_TRUE(counter.stands_still());
        EXPECT_EQ(thr_continue(id), 0);
        EXPECT_TRUE(counter.moves());
    }
    finish(id, counter);
}

// THR-SUSP-01: the same for one that is in and out of the library,
TEST_P(ThrSuspend, S01StopsAThreadThatYields)
{
    Counter counter;
    const thread_t id = start([&] {
        while (!counter.ends.load()) {
            counter.value.fetch_add(1);
            thr_yield();
        }
    });
    EXPECT_TRUE(counter.moves());
    for (int round = 0; round < 3; ++round) {
        EXPECT_EQ(thr_suspend(id), 0);
        EXPECT_TRUE(counter.stands_still());
        EXPECT_EQ(thr_continue(id), 0);
        EXPECT_TRUE(counter.moves());
    }
    finish(id, counter);
}

// THR-SUSP-01: for one that has not begun yet, and for one that the caller is told about by itself.
TEST_P(ThrSuspend, S01StopsAThreadThatHasNotBegun)
{
    Counter counter;
    for (int round = 0; round < 10; ++round) {
        counter.ends.store(false);
        const thread_t id = start([&] { counter.compute(); });
        EXPECT_EQ(thr_suspend(id), 0);
        const auto seen = counter.value.load();
        thr_yield();
        EXPECT_EQ(counter.value.load(), seen);
        finish(id, counter);
    }
}

// THR-SUSP-03: suspensions are not counted.
TEST_P(ThrSuspend, S03CountsNothing)
{
    Counter counter;
    const thread_t id = start_counting(counter);
    EXPECT_EQ(thr_suspend(id), 0);
    EXPECT_EQ(thr_suspend(id), 0);
    EXPECT_EQ(thr_suspend(id), 0);
    EXPECT_TRUE(counter.stands_still());
    EXPECT_EQ(thr_continue(id), 0);
    EXPECT_TRUE(counter.moves());
    finish(id, counter);
}

// THR-SUSP-04: thr_continue of a thread that runs does nothing.
TEST_P(ThrSuspend, S04LeavesARunningThreadAlone)
{
    Counter counter;
    const thread_t id = start_counting(counter);
    EXPECT_EQ(thr_continue(id), 0);
    EXPECT_EQ(thr_continue(thr_self()), 0);
    EXPECT_TRUE(counter.moves());
    EXPECT_EQ(thr_suspend(id), 0);  // no continuation was saved up
    EXPECT_TRUE(counter.stands_still());
    finish(id, counter);
}

// THR-SUSP-05: an unknown id gives ESRCH.
TEST_P(ThrSuspend, S05FailsForAnUnknownId)
{
    EXPECT_EQ(thr_suspend(kNeverIssued), ESRCH);
    EXPECT_EQ(thr_continue(kNeverIssued), ESRCH);
    EXPECT_EQ(thr_suspend(0), ESRCH);
    EXPECT_EQ(thr_continue(0), ESRCH);
}

// THR-SUSP-06: a thread that has ended gives ESRCH, joined or not.
TEST_P(ThrSuspend, S06FailsForAThreadThatHasEnded)
{
    const thread_t id = start([] {});
    EXPECT_TRUE(bounded::until([&] { return !is_alive(id); }));
    EXPECT_EQ(thr_suspend(id), ESRCH);
    EXPECT_EQ(thr_continue(id), ESRCH);
    join(id);
    EXPECT_EQ(thr_suspend(id), ESRCH);
    EXPECT_EQ(thr_continue(id), ESRCH);
}

// THR-SUSP-06: and one that ends at the time is suspended or gone, never in between.
TEST_P(ThrSuspend, S06MeetsThreadsThatEnd)
{
    for (int round = 0; round < 50; ++round) {
        std::atomic<bool> runs{false};
        const thread_t id = start([&] { runs.store(true); });
        if (round % 2 == 0) {
            EXPECT_TRUE(bounded::until([&] { return runs.load(); }));
        }
        const int error = thr_suspend(id);
        EXPECT_TRUE(error == 0 || error == ESRCH) << error;
        EXPECT_EQ(thr_continue(id), error);
        join(id);
    }
}

// THR-SUSP-07: a thread that suspends itself waits to be continued.
TEST_P(ThrSuspend, S07StopsTheCallerItself)
{
    std::atomic<int> progress{0};
    const thread_t id = start([&] {
        progress.store(1);
        const int error = thr_suspend(thr_self());
        progress.store(error == 0 ? 2 : -1);
    });
    EXPECT_TRUE(bounded::until([&] { return progress.load() == 1; }));
    EXPECT_EQ(thr_suspend(id), 0);  // by now it has stopped, by itself or by us
    EXPECT_TRUE(bounded::holds_for(kStandstill, [&] { return progress.load() == 1; }));
    EXPECT_EQ(thr_continue(id), 0);
    EXPECT_TRUE(bounded::until([&] {
        static_cast<void>(thr_continue(id));  // should our stop have come before its own
        return progress.load() == 2;
    }));
    join(id);
}

// THR-SUSP-12: a thread in a system call is suspended; the call goes on when it is continued.
TEST_P(ThrSuspend, S12StopsAThreadInASystemCall)
{
    const Pipe pipe;
    std::atomic<long> result{-2};
    blocked::Marker marker;
    const thread_t id = start([&] {
        char byte = 0;
        marker.about_to_wait();
        result.store(::read(pipe.reader(), &byte, 1));
    });
    EXPECT_TRUE(marker.seen_waiting());
    for (int round = 0; round < 3; ++round) {
        EXPECT_EQ(thr_suspend(id), 0);
        EXPECT_EQ(thr_continue(id), 0);
    }
    EXPECT_EQ(thr_suspend(id), 0);
    pipe.write_one();
    EXPECT_TRUE(bounded::holds_for(kStandstill, [&] { return result.load() == -2; }));
    EXPECT_EQ(thr_continue(id), 0);
    join(id);
    EXPECT_EQ(result.load(), 1);
}

// THR-SUSP-13: a thread inside malloc is suspended without harm to the suspender.
TEST_P(ThrSuspend, S13StopsAThreadThatAllocates)
{
    std::atomic<bool> ends{false};
    std::atomic<unsigned long> rounds{0};
    const thread_t id = start([&] {
        std::array<void*, 16> blocks{};
        for (std::size_t i = 0; !ends.load(); i = (i + 1) % blocks.size()) {
            std::free(blocks[i]);
            blocks[i] = std::malloc(200 + 1000 * i);
            rounds.fetch_add(1);
        }
        for (void* const block : blocks) {
            std::free(block);
        }
    });
    for (int round = 0; round < 200; ++round) {
        ASSERT_EQ(thr_suspend(id), 0);
        const auto seen = rounds.load();
        thr_yield();
        EXPECT_EQ(rounds.load(), seen);
        ASSERT_EQ(thr_continue(id), 0);
        EXPECT_TRUE(bounded::until([&] { return rounds.load() != seen; }));
    }
    ends.store(true);
    join(id);
}

// THR-SUSP-15: a thread that was suspended is joined once it has been continued.
TEST_P(ThrSuspend, S15IsJoinedAfterwards)
{
    std::atomic<bool> joined{false};
    sema_t sema{};
    const thread_t id = start([&]() -> void* {
        EXPECT_EQ(sema_wait(&sema), 0);
        return as_pointer(15);
    });
    EXPECT_TRUE(sleeps_on(id, &sema));
    EXPECT_EQ(thr_suspend(id), 0);
    sema_post(&sema);
    const thread_t joiner = start([&] {
        EXPECT_EQ(join(id), as_pointer(15));
        joined.store(true);
    });
    EXPECT_TRUE(bounded::holds_for(kStandstill, [&] { return !joined.load(); }));
    EXPECT_EQ(thr_continue(id), 0);
    join(joiner);
}

// THR-SUSP-16: threads that suspend each other go on once a third continues them.
TEST_P(ThrSuspend, S16LetsThreadsSuspendEachOther)
{
    for (int round = 0; round < 20; ++round) {
        std::array<std::atomic<thread_t>, 2> ids{};
        std::atomic<int> done{0};
        const auto attack = [&](std::size_t other) {
            return start([&ids, &done, other] {
                while (ids[other].load() == 0) {
                    thr_yield();
                }
                const int error = thr_suspend(ids[other].load());
                EXPECT_TRUE(error == 0 || error == ESRCH) << error;
                done.fetch_add(1);
            });
        };
        const thread_t a = attack(1);
        const thread_t b = attack(0);
        ids[0].store(a);
        ids[1].store(b);
        EXPECT_TRUE(bounded::until([&] {
            static_cast<void>(thr_continue(a));
            static_cast<void>(thr_continue(b));
            return done.load() == 2;
        }));
        EXPECT_TRUE(bounded::until([&] {
            static_cast<void>(thr_continue(a));
            static_cast<void>(thr_continue(b));
            return !is_alive(a) && !is_alive(b);
        }));
        join(a);
        join(b);
    }
}

// THR-SUSP-17: a thread that is ready does not run either.
TEST_P(ThrSuspend, S17StopsAThreadThatIsReady)
{
    Counter counter;
    std::array<thread_t, 8> ids{};
    for (thread_t& id : ids) {
        id = start([&] {
            while (!counter.ends.load()) {
                counter.value.fetch_add(1);
                thr_yield();
            }
        });
    }
    EXPECT_TRUE(counter.moves());
    for (const thread_t id : ids) {
        EXPECT_EQ(thr_suspend(id), 0);
    }
    EXPECT_TRUE(counter.stands_still());
    counter.ends.store(true);
    for (const thread_t id : ids) {
        EXPECT_EQ(thr_continue(id), 0);
    }
    for (const thread_t id : ids) {
        join(id);
    }
}

// THR-SUSP-17: nor does it keep an LWP from others while it is suspended.
TEST_P(ThrSuspend, S17LeavesItsLwpToOthers)
{
    LT_NEEDS_TWO_LEVELS();
    Counter counter;
    const thread_t id = start_counting(counter);
    EXPECT_EQ(thr_suspend(id), 0);
    std::array<thread_t, 4> others{};
    for (thread_t& other : others) {
        other = start([] { thr_yield(); });
    }
    for (const thread_t other : others) {
        join(other);
    }
    EXPECT_TRUE(counter.stands_still());
    finish(id, counter);
}

// THR-SUSP-18: a thread made with THR_SUSPENDED starts with thr_continue, at once; suspending it
// before changes nothing.
TEST_P(ThrSuspend, S18StartsAThreadMadeSuspended)
{
    std::atomic<bool> runs{false};
    const thread_t id = start([&] { runs.store(true); }, THR_SUSPENDED);
    EXPECT_EQ(thr_continue(id), 0);
    EXPECT_TRUE(bounded::until([&] { return runs.load(); }));
    join(id);

    runs.store(false);
    const thread_t again = start([&] { runs.store(true); }, THR_SUSPENDED);
    EXPECT_EQ(thr_suspend(again), 0);
    EXPECT_TRUE(bounded::holds_for(kStandstill, [&] { return !runs.load(); }));
    EXPECT_EQ(thr_continue(again), 0);
    join(again);
    EXPECT_TRUE(runs.load());
}

// THR-SUSP-01, THR-SUSP-02: the initial thread can be suspended like any other.
TEST_P(ThrSuspend, StopsTheInitialThread)
{
    Counter counter;
    std::atomic<bool> stood_still{false};
    const thread_t main_thread = thr_self();
    const thread_t id = start([&] {
        EXPECT_TRUE(counter.moves());
        EXPECT_EQ(thr_suspend(main_thread), 0);
        stood_still.store(counter.stands_still());
        EXPECT_EQ(thr_continue(main_thread), 0);
        EXPECT_TRUE(counter.moves());
        counter.ends.store(true);
    });
    counter.compute();
    EXPECT_TRUE(stood_still.load());
    join(id);
}

// THR-SUSP-02: its signal mask is what it was, wherever the thread goes on.
TEST_P(ThrSuspend, KeepsTheSignalMask)
{
    Counter counter;
    std::atomic<int> wrong{0};
    const thread_t id = start([&] {
        const sigset_t mine = signal_set({SIGUSR2, SIGWINCH});
        thr_sigsetmask(SIG_SETMASK, &mine, nullptr);
        while (!counter.ends.load()) {
            counter.value.fetch_add(1);
            sigset_t now;
            pthread_sigmask(SIG_BLOCK, nullptr, &now);
            wrong.fetch_add(numbers_in(now) == numbers_in(mine) ? 0 : 1);
        }
    });
    EXPECT_TRUE(counter.moves());
    for (int round = 0; round < 50; ++round) {
        EXPECT_EQ(thr_suspend(id), 0);
        EXPECT_EQ(thr_continue(id), 0);
        thr_yield();
    }
    finish(id, counter);
    EXPECT_EQ(wrong.load(), 0);
}

}  // namespace
}  // namespace conformance
