// sleep(3), nanosleep(2) and their kin.
#include <pthread.h>
#include <threads.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>

#include "unit/io/crew.h"

namespace {

using namespace std::chrono_literals;
using Time = std::chrono::steady_clock;

timespec to_timespec(std::chrono::nanoseconds time)
{
    return {time / 1s, (time % 1s).count()};
}

std::atomic<int> handled{0};

void note_signal(int)
{
    ++handled;
}

void handle(int signal, int flags)
{
    handled = 0;
    struct sigaction action {};
    action.sa_handler = note_signal;
    action.sa_flags = flags;
    ASSERT_EQ(sigaction(signal, &action, nullptr), 0);
}

// Signals the thread until it says that it has noticed: where calls block in the kernel, the first
// may come before the call.
void signal_until(thread_t id, const std::atomic<bool>& noticed)
{
    ASSERT_TRUE(io_test::asleep(id));
    EXPECT_TRUE(bounded::until([&] {
        if (!noticed) {
            thr_kill(id, SIGUSR1);
        }
        return noticed.load();
    }));
}

TEST(Sleep, LastsAsLongAsAskedFor)
{
    io_test::Crew crew;
    for (const auto time : {0ns, 1ns, 3'000'000ns, 20'000'000ns}) {
        crew.start([time] {
            const auto begin = Time::now();
            const timespec wanted = to_timespec(time);
            EXPECT_EQ(nanosleep(&wanted, nullptr), 0);
            EXPECT_GE(Time::now() - begin, time);
        });
    }
    crew.start([] {
        const auto begin = Time::now();
        EXPECT_EQ(usleep(5000), 0);
        EXPECT_EQ(sleep(0), 0U);
        EXPECT_GE(Time::now() - begin, 5ms);
    });
    crew.start([] {
        const auto begin = Time::now();
        const timespec wanted{0, 4'000'000};
        EXPECT_EQ(thrd_sleep(&wanted, nullptr), 0);
        EXPECT_GE(Time::now() - begin, 4ms);
    });
}

TEST(Sleep, FollowsTheClockThatItNames)
{
    io_test::Crew crew;
    crew.start([] {
        for (const clockid_t clock : {CLOCK_MONOTONIC, CLOCK_REALTIME}) {
            timespec until{};
            ASSERT_EQ(clock_gettime(clock, &until), 0);
            EXPECT_EQ(clock_nanosleep(clock, TIMER_ABSTIME, &until, nullptr), 0);
            until.tv_nsec += 10'000'000;
            until.tv_sec += until.tv_nsec / 1'000'000'000;
            until.tv_nsec %= 1'000'000'000;
            EXPECT_EQ(clock_nanosleep(clock, TIMER_ABSTIME, &until, nullptr), 0);
            timespec now{};
            ASSERT_EQ(clock_gettime(clock, &now), 0);
            EXPECT_GE(std::pair(now.tv_sec, now.tv_nsec), std::pair(until.tv_sec, until.tv_nsec));
        }
    });
}

TEST(Sleep, RefusesWhatIsNoTime)
{
    io_test::Crew crew;
    crew.start([] {
        for (const timespec wrong :
             {timespec{0, 1'000'000'000}, timespec{0, -1}, timespec{-1, 0}}) {
            errno = 0;
            EXPECT_EQ(nanosleep(&wrong, nullptr), -1);
            EXPECT_EQ(errno, EINVAL);
            EXPECT_EQ(clock_nanosleep(CLOCK_MONOTONIC, 0, &wrong, nullptr), EINVAL);
        }
        const timespec none{};
        EXPECT_NE(clock_nanosleep(12345, 0, &none, nullptr), 0);
    });
}

TEST(Sleep, KeepsErrnoWhenItSucceeds)
{
    io_test::Crew crew;
    crew.start([] {
        errno = 4711;
        EXPECT_EQ(usleep(1000), 0);
        EXPECT_EQ(errno, 4711);
    });
}

TEST(Sleep, ManySleepersNeedFewLwps)
{
    constexpr int kSleepers = 1000;
    const int before = io_test::kernel_tasks();
    std::atomic<int> most{0};
    std::atomic<int> awake{0};
    {
        io_test::Crew crew;
        for (int i = 0; i < (io_test::parks() ? kSleepers : 50); ++i) {
            crew.start([&] {
                EXPECT_EQ(usleep(100'000), 0);
                if (++awake == 1) {
                    most = io_test::kernel_tasks();
                }
            });
        }
    }
    if (io_test::parks()) {
        EXPECT_LE(most - before, 16);  // the level asked for, its helpers, growth
    }
}

// An interrupted sleep tells what is left of it, with SA_RESTART too.
TEST(Sleep, AHandlerEndsIt)
{
    for (const int flags : {0, SA_RESTART}) {
        handle(SIGUSR1, flags);
        std::atomic<bool> noticed{false};
        io_test::Crew crew;
        const thread_t id = crew.start([&] {
            const timespec wanted{1000, 0};
            timespec left{};
            errno = 0;
            EXPECT_EQ(nanosleep(&wanted, &left), -1);
            EXPECT_EQ(errno, EINTR);
            EXPECT_GE(handled, 1);
            EXPECT_GT(left.tv_sec, 900);
            EXPECT_LE(left.tv_sec, 1000);
            noticed = true;
        });
        signal_until(id, noticed);
    }
}

TEST(Sleep, SleepTellsTheSecondsLeft)
{
    handle(SIGUSR1, 0);
    std::atomic<bool> noticed{false};
    io_test::Crew crew;
    const thread_t id = crew.start([&] {
        EXPECT_GT(sleep(1000), 900U);
        noticed = true;
    });
    signal_until(id, noticed);
}

TEST(Sleep, IsACancellationPoint)
{
    std::atomic<pthread_t> target{};
    std::atomic<bool> cleaned{false};
    void* status = nullptr;
    const auto body = [](void* argument) -> void* {
        auto& [self, mark] =
            *static_cast<std::pair<std::atomic<pthread_t>*, std::atomic<bool>*>*>(argument);
        pthread_cleanup_push([](void* flag) { *static_cast<std::atomic<bool>*>(flag) = true; },
                             mark);
        *self = pthread_self();
        sleep(1000);
        pthread_cleanup_pop(0);
        return nullptr;
    };
    std::pair<std::atomic<pthread_t>*, std::atomic<bool>*> argument{&target, &cleaned};
    thread_t made = 0;
    ASSERT_EQ(thr_create(nullptr, 0, body, &argument, 0, &made), 0);
    ASSERT_TRUE(bounded::until([&] { return target.load() != pthread_t{}; }));
    ASSERT_TRUE(io_test::asleep(made));
    EXPECT_EQ(pthread_cancel(target), 0);
    ASSERT_EQ(thr_join(made, nullptr, &status), 0);
    EXPECT_EQ(status, PTHREAD_CANCELED);
    EXPECT_TRUE(cleaned);
}

TEST(Sleep, OthersRunMeanwhile)
{
    std::atomic<bool> ran{false};
    io_test::Crew crew;
    const thread_t id = crew.start([&] {
        while (!ran) {
            EXPECT_EQ(usleep(1000), 0);
        }
    });
    ASSERT_NE(id, 0U);
    crew.start([&] { ran = true; });
}

}  // namespace
