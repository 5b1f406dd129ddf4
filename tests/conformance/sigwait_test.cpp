// sigwait(2), sigwaitinfo, sigtimedwait, sigsuspend(2), pause(2).
#include <thread.h>

#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "conformance/fixture.h"
#include "conformance/signal_sets.h"
#include "conformance/sync_support.h"

namespace conformance {
namespace {

class Sigwait : public ThreadTest {
  protected:
    // Blocked before the threads of the test are made, which inherit it.
    void SetUp() override
    {
        const sigset_t set = signal_set({SIGUSR1, SIGUSR2, SIGALRM, SIGRTMIN + 4});
        ASSERT_EQ(thr_sigsetmask(SIG_BLOCK, &set, &before_), 0);
    }

    void TearDown() override
    {
        EXPECT_EQ(thr_sigsetmask(SIG_SETMASK, &before_, nullptr), 0);
        ThreadTest::TearDown();
    }

  private:
    sigset_t before_{};
};
INSTANTIATE_TEST_SUITE_P(Threads, Sigwait, bindings(), binding_name);

int wait_for(std::initializer_list<int> numbers)
{
    const sigset_t set = signal_set(numbers);
    int number = 0;
    EXPECT_EQ(sigwait(&set, &number), 0);
    return number;
}

// SIG-19: a thread that waits gets a signal for the process that all block.
// SIG-20: no handler runs.
TEST_P(Sigwait, S19ReceivesASignalOfTheProcess)
{
    const CountingHandler handler{SIGUSR1};
    int number = 0;
    blocked::Marker waiting;
    const thread_t waiter = start([&] {
        waiting.about_to_wait();
        number = wait_for({SIGUSR1, SIGUSR2});
    });
    ASSERT_TRUE(waiting.seen_waiting());
    EXPECT_EQ(kill(getpid(), SIGUSR1), 0);
    join(waiter);
    EXPECT_EQ(number, SIGUSR1);
    EXPECT_EQ(handler.count(), 0);
}

// SIG-19: one that was pending before is taken at once.
TEST_P(Sigwait, S19TakesAPendingSignal)
{
    EXPECT_EQ(kill(getpid(), SIGUSR2), 0);
    int number = 0;
    join(start([&] { number = wait_for({SIGUSR2}); }));
    EXPECT_EQ(number, SIGUSR2);
}

// SIG-19: and so is one sent to the thread, before and while it waits.
// SIG-20: no handler runs.
TEST_P(Sigwait, S19ReceivesASignalOfTheThread)
{
    const CountingHandler handler{SIGUSR1};
    latch::Gate sent;
    latch::Gate taken;
    blocked::Marker waiting;
    std::vector<int> numbers;
    const thread_t waiter = start([&] {
        sent.wait();
        numbers.push_back(wait_for({SIGUSR1}));
        waiting.about_to_wait();
        taken.open();
        numbers.push_back(wait_for({SIGUSR1, SIGUSR2}));
    });
    EXPECT_EQ(thr_kill(waiter, SIGUSR1), 0);
    sent.open();
    ASSERT_TRUE(taken.wait());
    ASSERT_TRUE(waiting.seen_waiting());
    EXPECT_EQ(thr_kill(waiter, SIGUSR2), 0);
    join(waiter);
    EXPECT_EQ(numbers, (std::vector<int>{SIGUSR1, SIGUSR2}));
    EXPECT_EQ(handler.count(), 0);
}

void send_value(int number)
{
    sigval value{};
    value.sival_int = number;
    while (sigqueue(getpid(), SIGRTMIN + 4, value) != 0) {
        ASSERT_EQ(errno, EAGAIN);  // too many wait, of all processes of this user
        thr_yield();
    }
}

// SIG-19: real-time signals come in the order sent, as often as sent, with their values.
TEST_P(Sigwait, S19KeepsValuesAndCountOfRealTimeSignals)
{
    const sigset_t set = signal_set({SIGRTMIN + 4});
    constexpr int kCount = 20;
    for (int i = 0; i < kCount; ++i) {
        send_value(i);
    }
    std::vector<int> values;
    join(start([&] {
        siginfo_t info{};
        const timespec none{};
        while (sigtimedwait(&set, &info, &none) == SIGRTMIN + 4) {
            EXPECT_EQ(info.si_code, SI_QUEUE);
            EXPECT_EQ(info.si_pid, getpid());
            values.push_back(info.si_value.sival_int);
        }
        EXPECT_EQ(errno, EAGAIN);
    }));
    std::vector<int> expected(kCount);
    for (int i = 0; i < kCount; ++i) {
        expected[static_cast<std::size_t>(i)] = i;
    }
    EXPECT_EQ(values, expected);
}

int value_of_next(const sigset_t& set, const timespec* limit = nullptr)
{
    siginfo_t info{};
    return sigtimedwait(&set, &info, limit) == SIGRTMIN + 4 ? info.si_value.sival_int : -1;
}

// SIG-19: real-time signals come in the order sent though the waiter comes and goes meanwhile. What
// the library had taken out of the kernel's queue was once overtaken by what was there still.
TEST_P(Sigwait, S19KeepsTheOrderOfAFlood)
{
    constexpr int kCount = 2000;
    std::atomic<int> taken{0};
    const thread_t waiter = start([&] {
        const sigset_t set = signal_set({SIGRTMIN + 4});
        for (int expected = 0; expected < kCount;) {
            const timespec limit{expected % 3 == 0 ? 10 : 0, 0};  // every other time it looks only
            const int value = value_of_next(set, &limit);
            if (value != -1) {
                ASSERT_EQ(value, expected);
                taken = ++expected;
            } else {
                thr_yield();
            }
        }
    });
    for (int i = 0; i < kCount && !HasFailure(); ++i) {
        send_value(i);
        if (i % 16 == 0) {
            ASSERT_TRUE(bounded::until([&] { return taken >= i - 64 || HasFailure(); }));
        }
    }
    join(waiter);
}

int keep_order_from_before()
{
    sigset_t set = signal_set({SIGRTMIN + 4});
    thr_sigsetmask(SIG_BLOCK, &set, nullptr);
    constexpr int kCount = 100;
    for (int i = 0; i < kCount; ++i) {
        send_value(i);
    }
    sigval own{};
    own.sival_int = kCount;
    pthread_sigqueue(pthread_self(), SIGRTMIN + 4, own);
    static int first_wrong = -1;
    thread_t id = 0;
    thr_create(
        nullptr, 0,
        [](void* expected) -> void* {
            const timespec none{};
            for (int i = 0; i < kCount && first_wrong == -1; ++i) {
                first_wrong =
                    value_of_next(*static_cast<const sigset_t*>(expected), &none) == i ? -1 : i;
            }
            return nullptr;
        },
        &set, child::argument(), &id);
    thr_join(id, nullptr, nullptr);
    if (first_wrong != -1) {
        return 1;
    }
    const timespec limit{10, 0};
    return value_of_next(set, &limit) == kCount ? 0 : 2;
}

const child::Program keeps_order_from_before{"keeps_order_from_before", keep_order_from_before};

// SIG-19: those that waited before the process made its first thread keep their order, and what was
// sent to the initial thread stays its own.
TEST_P(Sigwait, S19KeepsTheOrderFromBeforeTheFirstThread)
{
    const child::Outcome outcome = child::run(keeps_order_from_before, {.argument = binding()});
    EXPECT_TRUE(outcome.exited && outcome.exit_status == 0) << outcome.describe();
}

// SIG-19: sigtimedwait gives up with EAGAIN, and not before its time.
TEST_P(Sigwait, S19GivesUpAtTheTimeLimit)
{
    join(start([] {
        const sigset_t set = signal_set({SIGUSR1});
        const timespec limit{0, 20'000'000};
        const hrtime_t begin = gethrtime();
        EXPECT_EQ(sigtimedwait(&set, nullptr, &limit), -1);
        EXPECT_EQ(errno, EAGAIN);
        EXPECT_GE(gethrtime() - begin, 20'000'000);
        const timespec bad{0, 1'000'000'000};
        EXPECT_EQ(sigtimedwait(&set, nullptr, &bad), -1);
        EXPECT_EQ(errno, EINVAL);
    }));
}

// SIG-19: a handler for another signal ends sigwaitinfo with EINTR.
TEST_P(Sigwait, S19EndsWithEintrWhenAHandlerRuns)
{
    const CountingHandler handler{SIGTERM};
    blocked::Marker waiting;
    const thread_t waiter = start([&] {
        const sigset_t set = signal_set({SIGUSR1});
        waiting.about_to_wait();
        siginfo_t info{};
        EXPECT_EQ(sigwaitinfo(&set, &info), -1);
        EXPECT_EQ(errno, EINTR);
        EXPECT_EQ(handler.count(), 1);
    });
    ASSERT_TRUE(waiting.seen_waiting());
    EXPECT_EQ(thr_kill(waiter, SIGTERM), 0);
    join(waiter);
}

// SIG-31: alarm() sends SIGALRM to the process; here to a thread that waits for it.
TEST_P(Sigwait, S31ReceivesTheAlarm)
{
    int number = 0;
    const thread_t waiter = start([&] { number = wait_for({SIGALRM}); });
    EXPECT_EQ(alarm(1), 0U);
    join(waiter);
    EXPECT_EQ(number, SIGALRM);
}

void* serve(void* argument)
{
    auto& served = *static_cast<std::atomic<int>*>(argument);
    for (;;) {
        served.store(wait_for({SIGUSR1, SIGUSR2}));
    }
}

std::atomic<int> served{0};

int serve_signals()
{
    const sigset_t set = signal_set({SIGUSR1, SIGUSR2});
    thr_sigsetmask(SIG_BLOCK, &set, nullptr);
    thr_create(nullptr, 0, serve, &served, child::argument() | THR_DAEMON, nullptr);
    kill(getpid(), SIGUSR1);
    const bool first = bounded::until([] { return served.load() == SIGUSR1; });
    kill(getpid(), SIGUSR2);
    const bool second = bounded::until([] { return served.load() == SIGUSR2; });
    if (!first || !second) {
        return 1;
    }
    thr_exit(nullptr);
}

const child::Program serves_signals{"serves_signals", serve_signals};

// SIG-28: a daemon thread serves signals, and does not keep the process.
TEST_P(Sigwait, S28DaemonThreadServesSignals)
{
    const child::Outcome outcome = child::run(serves_signals, {.argument = binding()});
    EXPECT_TRUE(outcome.exited && outcome.exit_status == 0) << outcome.describe();
}

// SIG-32: sigsuspend and pause return only in the thread that ran the handler; the mask is back.
TEST_P(Sigwait, S32SuspendedThreadsReturnOneByOne)
{
    const CountingHandler handler{SIGUSR1};
    std::atomic<int> returned{0};
    constexpr int kThreads = 3;
    blocked::Marker waiting[kThreads];
    std::vector<thread_t> ids;
    for (int i = 0; i < kThreads; ++i) {
        ids.push_back(start([&, i] {
            const sigset_t none = signal_set({});
            const sigset_t usr1 = signal_set({SIGUSR1});
            waiting[i].about_to_wait();
            if (i == 0) {
                thr_sigsetmask(SIG_UNBLOCK, &usr1, nullptr);
                EXPECT_EQ(pause(), -1);
            } else {
                EXPECT_EQ(sigsuspend(&none), -1);
                sigset_t now;
                thr_sigsetmask(SIG_BLOCK, nullptr, &now);
                EXPECT_EQ(sigismember(&now, SIGUSR1), 1);
            }
            EXPECT_EQ(errno, EINTR);
            ++returned;
        }));
    }
    for (auto& marker : waiting) {
        ASSERT_TRUE(marker.seen_waiting());
    }
    for (int i = 0; i < kThreads; ++i) {
        EXPECT_EQ(thr_kill(ids[static_cast<std::size_t>(i)], SIGUSR1), 0);
        join(ids[static_cast<std::size_t>(i)]);
        EXPECT_EQ(handler.count(), i + 1);
        EXPECT_EQ(returned.load(), i + 1);
    }
}

}  // namespace
}  // namespace conformance
