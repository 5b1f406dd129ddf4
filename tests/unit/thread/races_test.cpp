// Races that were found and mended: each once made a thread run twice, wait for ever or end as
// another.
#include <thread.h>

#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <filesystem>
#include <iterator>
#include <vector>

#include "support/bounded.h"
#include "support/insight.h"

namespace {

std::size_t kernel_task_count()
{
    const std::filesystem::directory_iterator tasks("/proc/self/task");
    return static_cast<std::size_t>(std::distance(begin(tasks), end(tasks)));
}

void* read_one_byte(void* argument)
{
    char byte = 0;
    const auto got = syscall(SYS_read, *static_cast<int*>(argument), &byte, 1);
    return reinterpret_cast<void*>(got);
}

void* post(void* argument)
{
    sema_post(static_cast<sema_t*>(argument));
    return nullptr;
}

struct PingPong {
    sema_t wanted{};
    sema_t done{};
};

void* answer(void* argument)
{
    auto& pair = *static_cast<PingPong*>(argument);
    sema_wait(&pair.wanted);
    sema_post(&pair.done);
    return nullptr;
}

// The record of an LWP that left the pool keeps its run queue. A bound thread whose LWP got such a
// record pushed the threads it woke to that queue, where nobody looked.
TEST(Races, ABoundThreadOnARetiredLwpsRecordWakesUnboundThreads)
{
    constexpr int kBlocked = 4;
    std::array<int, 2> ends{};
    ASSERT_EQ(pipe(ends.data()), 0);
    std::vector<thread_t> readers(kBlocked);
    for (thread_t& reader : readers) {
        ASSERT_EQ(thr_create(nullptr, 0, read_one_byte, ends.data(), 0, &reader), 0);
    }
    // All sit in read(2), each with an LWP, and we have one; then the LWPs are too many and retire.
    ASSERT_TRUE(bounded::until([] { return static_cast<int>(insight::pool_lwps()) > kBlocked; }));
    const std::size_t grown = kernel_task_count();
    ASSERT_EQ(write(ends[1], "1234", kBlocked), kBlocked);
    for (const thread_t reader : readers) {
        ASSERT_EQ(thr_join(reader, nullptr, nullptr), 0);
    }
    EXPECT_TRUE(bounded::until([&] { return kernel_task_count() < grown; }));
    for (int i = 0; i < 8; ++i) {
        PingPong pair;
        thread_t unbound = 0;
        thread_t bound = 0;
        ASSERT_EQ(thr_create(nullptr, 0, answer, &pair, 0, &unbound), 0);
        ASSERT_EQ(thr_create(nullptr, 0, post, &pair.wanted, THR_BOUND, &bound), 0);
        timestruc_t limit{20, 0};
        ASSERT_EQ(sema_reltimedwait(&pair.done, &limit), 0) << "round " << i;
        EXPECT_EQ(thr_join(unbound, nullptr, nullptr), 0);
        EXPECT_EQ(thr_join(bound, nullptr, nullptr), 0);
    }
    close(ends[0]);
    close(ends[1]);
}

std::atomic<bool> over{false};
std::atomic<thread_t> newest{0};
std::atomic<int> runs{0};

void* continue_the_next(void*)
{
    while (!over) {
        thr_continue(newest + 1);
    }
    return nullptr;
}

void* count_run(void*)
{
    ++runs;
    return nullptr;
}

// A thread that is not suspended was open to thr_continue between its number and its start, and was
// queued twice.
TEST(Races, ContinueOfAThreadThatIsBeingMadeStartsItOnce)
{
    constexpr int kThreads = 20'000;
    thread_t racer = 0;
    ASSERT_EQ(thr_create(nullptr, 0, continue_the_next, nullptr, THR_BOUND, &racer), 0);
    newest = racer;
    for (int i = 0; i < kThreads; ++i) {
        thread_t made = 0;
        ASSERT_EQ(thr_create(nullptr, 0, count_run, nullptr, 0, &made), 0);
        newest = made;
        ASSERT_EQ(thr_join(made, nullptr, nullptr), 0);
    }
    over = true;
    EXPECT_EQ(thr_join(racer, nullptr, nullptr), 0);
    EXPECT_EQ(runs, kThreads);
}

void* nothing(void* value)
{
    return value;
}

void* join_that_one(void* argument)
{
    return thr_join(*static_cast<thread_t*>(argument), nullptr, nullptr) == 0 ? argument : nullptr;
}

// thr_join(0, ...) took a thread whose specific joiner was awake, but had not run, for one that
// nobody would ever join, and that joiner for one asleep.
TEST(Races, JoinOfAnyThreadWaitsForAJoinerOnItsWay)
{
    for (int round = 0; round < 2'000; ++round) {
        thread_t first = 0;
        thread_t second = 0;
        ASSERT_EQ(thr_create(nullptr, 0, nothing, nullptr, 0, &first), 0);
        ASSERT_EQ(thr_create(nullptr, 0, join_that_one, &first, 0, &second), 0);
        // Whoever it is, both come: the first by its joiner or by us, the second by us.
        thread_t departed = 0;
        void* status = nullptr;
        ASSERT_EQ(thr_join(0, &departed, &status), 0) << "round " << round;
        if (departed == first) {
            ASSERT_EQ(thr_join(0, &departed, &status), 0) << "round " << round;
        }
        ASSERT_EQ(departed, second);
    }
}

// The control block of an ended thread went to the next one at once, with a cancellation meant for
// the old.
TEST(Races, CancellationOfAnEndedThreadHitsNobodyElse)
{
    for (int round = 0; round < 100; ++round) {
        thread_t ended = 0;
        pthread_t its_pthread{};
        ASSERT_EQ(thr_create(
                      nullptr, 0,
                      [](void* where) -> void* {
                          *static_cast<pthread_t*>(where) = pthread_self();
                          return nullptr;
                      },
                      &its_pthread, 0, &ended),
                  0);
        ASSERT_TRUE(bounded::until([&] { return thr_kill(ended, 0) == ESRCH; }));
        EXPECT_EQ(pthread_cancel(its_pthread), 0);
        thread_t next = 0;
        ASSERT_EQ(thr_create(
                      nullptr, 0,
                      [](void* value) -> void* {
                          pthread_testcancel();
                          return value;
                      },
                      &next, 0, &next),
                  0);
        void* status = nullptr;
        ASSERT_EQ(thr_join(next, nullptr, &status), 0);
        ASSERT_EQ(status, &next);
        ASSERT_EQ(thr_join(ended, nullptr, nullptr), 0);
    }
}

struct Rivals {
    thread_t target = 0;
    std::atomic<int> winners{0};
    std::atomic<int> losers{0};
};

void* yield_once(void* status)
{
    thr_yield();
    return status;
}

void* join_target(void* argument)
{
    auto& rivals = *static_cast<Rivals*>(argument);
    thread_t joined = 0;
    void* status = nullptr;
    const int error = thr_join(rivals.target, &joined, &status);
    if (error == 0 && joined == rivals.target && status == argument) {
        ++rivals.winners;
    } else if (error == ESRCH) {
        ++rivals.losers;
    }
    return nullptr;
}

// An ending thread joins itself for the first who waits. The record is another thread's at once,
// and who waited for the first in vain must neither get that one nor keep its joiner from it.
TEST(Races, OfTwoJoinersOneGetsTheThreadAndTheOtherNotTheNextWithItsRecord)
{
    constexpr int kRounds = 1'000;
    for (int round = 0; round < kRounds; ++round) {
        std::array<Rivals, 2> all;
        std::vector<thread_t> joiners;
        for (Rivals& rivals : all) {
            ASSERT_EQ(thr_create(nullptr, 0, yield_once, &rivals, 0, &rivals.target), 0);
            for (int i = 0; i < 2; ++i) {
                joiners.push_back(0);
                ASSERT_EQ(thr_create(nullptr, 0, join_target, &rivals, 0, &joiners.back()), 0);
            }
        }
        for (const thread_t joiner : joiners) {
            ASSERT_EQ(thr_join(joiner, nullptr, nullptr), 0);
        }
        for (const Rivals& rivals : all) {
            ASSERT_EQ(rivals.winners, 1);
            ASSERT_EQ(rivals.losers, 1);
        }
    }
}

}  // namespace
