// Two-level behaviour: what belongs to the thread stays with it, whichever LWP carries it.
#include <synch.h>
#include <thread.h>

#include <fenv.h>
#include <setjmp.h>

#include <stdexcept>

#include "two_level_support.h"

namespace conformance {
namespace {

constexpr int kThreads = 8;

// Threads that meet at each step, by blocking and by yielding, so that they change their LWPs where
// there is more than one.
class TwoLevelState : public ThreadTest {
  protected:
    // Fewer where each yield is a turn of the processor for all processes that wait.
    static int steps() { return is_multiplexed() ? 400 : 40; }

    // Runs check(index) steps() times in each of kThreads threads, with a switch between.
    template <class Prepare, class Check>
    void run_all(Prepare prepare, Check check)
    {
        std::vector<thread_t> threads;
        for (int index = 0; index < kThreads; ++index) {
            threads.push_back(start([this, index, prepare, check]() mutable {
                prepare(index);
                for (int step = 0; step < steps(); ++step) {
                    switch_away(step);
                    check(index);
                }
            }));
        }
        for (const thread_t id : threads) {
            join(id);
        }
    }

    // Blocks or yields; somebody else runs on the LWP meanwhile.
    void switch_away(int step)
    {
        if (step % 3 == 0) {
            mutex_lock(&mutex_);
            thr_yield();
            mutex_unlock(&mutex_);
        } else if (step % 50 == 1) {
            const timestruc_t moment{0, 100'000};
            mutex_lock(&mutex_);
            EXPECT_EQ(cond_reltimedwait(&never_, &mutex_, &moment), ETIME);
            mutex_unlock(&mutex_);
        } else {
            thr_yield();
        }
    }

    mutex_t mutex_{};
    cond_t never_{};
};
INSTANTIATE_TEST_SUITE_P(, TwoLevelState, bindings(), binding_name);

// MN-09: a thread may go on on another LWP, its results do not depend on which.
TEST_P(TwoLevelState, S09ResultsDoNotDependOnTheLwp)
{
    std::array<unsigned long, kThreads> sums{};
    std::atomic<int> moves{0};
    const bool is_to_move = is_multiplexed() && has_setting("LIBTHREAD_MIGRATE", "always");
    // On a busy machine the other LWPs may come too late for the first round.
    static_cast<void>(bounded::until([&] {
        run_all([&](int index) { sums[static_cast<std::size_t>(index)] = 0; },
                [&, last = 0L](int index) mutable {
                    unsigned long& sum = sums[static_cast<std::size_t>(index)];
                    sum = sum * 31 + static_cast<unsigned long>(index) + 1;
                    const long here = kernel_id();
                    moves += last != 0 && last != here ? 1 : 0;
                    last = here;
                });
        return !is_to_move || moves > 0;
    }));
    for (std::size_t index = 0; index < sums.size(); ++index) {
        unsigned long expected = 0;
        for (int step = 0; step < steps(); ++step) {
            expected = expected * 31 + index + 1;
        }
        EXPECT_EQ(sums[index], expected);
    }
    if (!is_multiplexed()) {
        EXPECT_EQ(moves, 0);
    } else if (is_to_move) {
        EXPECT_GT(moves, 0);
    }
}

// MN-10: errno survives switches and moves.
TEST_P(TwoLevelState, S10ErrnoSurvives)
{
    run_all([](int index) { errno = 1000 + index; },
            [](int index) {
                EXPECT_EQ(errno, 1000 + index);
                errno = 1000 + index;
            });
}

__thread int plain_local;
thread_local std::vector<int> built_local{7, 7};

// MN-11: thread-local variables and thread-specific data survive.
TEST_P(TwoLevelState, S11ThreadLocalsAndTsdSurvive)
{
    thread_key_t key = 0;
    ASSERT_EQ(thr_keycreate(&key, nullptr), 0);
    run_all(
        [key](int index) {
            EXPECT_EQ(plain_local, 0);
            plain_local = index + 1;
            EXPECT_EQ(built_local, (std::vector<int>{7, 7}));
            built_local.push_back(index);
            EXPECT_EQ(thr_setspecific(key, as_pointer(static_cast<std::uintptr_t>(index) + 1)), 0);
        },
        [key](int index) {
            EXPECT_EQ(plain_local, index + 1);
            EXPECT_EQ(built_local, (std::vector<int>{7, 7, index}));
            void* value = nullptr;
            EXPECT_EQ(thr_getspecific(key, &value), 0);
            EXPECT_EQ(value, as_pointer(static_cast<std::uintptr_t>(index) + 1));
        });
}

// MN-12: each thread has a signal mask of its own.
TEST_P(TwoLevelState, S12SignalMaskSurvives)
{
    const auto blocked_of = [](int index) { return SIGRTMIN + 2 + index; };
    run_all(
        [&](int index) {
            sigset_t set;
            sigemptyset(&set);
            sigaddset(&set, blocked_of(index));
            EXPECT_EQ(thr_sigsetmask(SIG_SETMASK, &set, nullptr), 0);
        },
        [&](int index) {
            sigset_t now;
            EXPECT_EQ(thr_sigsetmask(SIG_BLOCK, nullptr, &now), 0);
            for (int other = 0; other < kThreads; ++other) {
                EXPECT_EQ(sigismember(&now, blocked_of(other)), other == index ? 1 : 0);
            }
        });
}

// MN-12: and it is the mask that decides: what one thread blocks is delivered to another on the
// same LWP, and to the first once it unblocks.
TEST_P(TwoLevelState, S12MaskOfTheThreadDecidesOnDelivery)
{
    const CountingHandler handler{SIGUSR1};
    latch::Gate sent;
    latch::Gate blocked;
    const thread_t blocking = start([&] {
        sigset_t set;
        sigemptyset(&set);
        sigaddset(&set, SIGUSR1);
        thr_sigsetmask(SIG_BLOCK, &set, nullptr);
        blocked.open();
        sent.wait();
        EXPECT_EQ(handler.count(), 1);
        thr_sigsetmask(SIG_UNBLOCK, &set, nullptr);
        EXPECT_TRUE(handler.waits_for(2));
        EXPECT_EQ(handler.runner(), thr_self());
    });
    ASSERT_TRUE(blocked.wait());
    EXPECT_EQ(thr_kill(blocking, SIGUSR1), 0);
    const thread_t open_one = start([&] {
        EXPECT_EQ(thr_kill(thr_self(), SIGUSR1), 0);
        EXPECT_TRUE(handler.waits_for(1));
        EXPECT_EQ(handler.runner(), thr_self());
    });
    join(open_one);
    EXPECT_EQ(handler.count(), 1);
    sent.open();
    join(blocking);
}

// MN-13: the rounding mode belongs to the thread.
TEST_P(TwoLevelState, S13RoundingModeSurvives)
{
    const auto mode_of = [](int index) {
        constexpr std::array<int, 4> kModes{FE_TONEAREST, FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO};
        return kModes[static_cast<std::size_t>(index) % kModes.size()];
    };
    run_all([&](int index) { EXPECT_EQ(fesetround(mode_of(index)), 0); },
            [&](int index) { EXPECT_EQ(fegetround(), mode_of(index)); });
    EXPECT_EQ(fegetround(), FE_TONEAREST);
}

// MN-14: a bound thread stays on its LWP.
TEST_P(TwoLevelState, S14BoundThreadStaysOnItsLwp)
{
    if (binding() != THR_BOUND) {
        GTEST_SKIP() << "speaks of bound threads";
    }
    std::array<std::atomic<long>, kThreads> tasks{};
    run_all([&](int index) { tasks[static_cast<std::size_t>(index)] = kernel_id(); },
            [&](int index) { EXPECT_EQ(kernel_id(), tasks[static_cast<std::size_t>(index)]); });
}

// Where the handler of MN-22 ran.
std::array<std::atomic<std::uintptr_t>, kThreads> handler_frames;
thread_local int handler_index = -1;

// MN-22: stacks of the caller work, with signal handlers on them.
TEST_P(TwoLevelState, S22CallersStacksWork)
{
    constexpr std::size_t kSize = 64 * 1024;
    constexpr std::size_t kMargin = 4096;
    struct sigaction action {};
    action.sa_handler = [](int) {
        std::array<volatile char, 2048> room{};
        room[0] = 1;
        handler_frames.at(static_cast<std::size_t>(handler_index)) =
            reinterpret_cast<std::uintptr_t>(&room);
    };
    struct sigaction before {};
    sigaction(SIGUSR1, &action, &before);

    std::vector<std::vector<unsigned char>> stacks(
        kThreads, std::vector<unsigned char>(kSize + 2 * kMargin, 0x5a));
    std::vector<thread_t> threads;
    for (int index = 0; index < kThreads; ++index) {
        auto& stack = stacks[static_cast<std::size_t>(index)];
        threads.push_back(start_on(stack.data() + kMargin, kSize, [&, index] {
            handler_index = index;
            for (int step = 0; step < steps(); ++step) {
                switch_away(step);
                EXPECT_EQ(thr_kill(thr_self(), SIGUSR1), 0);
            }
        }));
    }
    for (const thread_t id : threads) {
        join(id);
    }
    sigaction(SIGUSR1, &before, nullptr);
    for (std::size_t index = 0; index < stacks.size(); ++index) {
        const auto& stack = stacks[index];
        const auto base = reinterpret_cast<std::uintptr_t>(stack.data() + kMargin);
        EXPECT_GE(handler_frames[index], base);
        EXPECT_LT(handler_frames[index], base + kSize);
        const auto untouched = [](unsigned char byte) { return byte == 0x5a; };
        EXPECT_TRUE(std::all_of(stack.begin(), stack.begin() + kMargin, untouched));
        EXPECT_TRUE(std::all_of(stack.end() - kMargin, stack.end(), untouched));
    }
}

// MN-23: setjmp and longjmp work inside a thread, over switches.
TEST_P(TwoLevelState, S23LongjmpWorks)
{
    run_all([](int) {},
            [this](int index) {
                jmp_buf here;
                const int value = setjmp(here);
                if (value == 0) {
                    switch_away(1);
                    longjmp(here, index + 1);
                }
                EXPECT_EQ(value, index + 1);
            });
}

// MN-24: exceptions unwind on the thread's stack, with switches between throw, catch and rethrow.
TEST_P(TwoLevelState, S24ExceptionsUnwindAfterMoves)
{
    run_all([](int) {},
            [this](int index) {
                const std::string what = "thread " + std::to_string(index);
                try {
                    try {
                        switch_away(2);
                        throw std::runtime_error(what);
                    } catch (const std::exception& error) {
                        EXPECT_EQ(error.what(), what);
                        switch_away(3);
                        throw;
                    }
                } catch (const std::runtime_error& error) {
                    switch_away(2);
                    EXPECT_EQ(error.what(), what);
                }
                EXPECT_EQ(std::uncaught_exceptions(), 0);
            });
}

}  // namespace
}  // namespace conformance
