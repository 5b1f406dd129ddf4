// thr_sigsetmask(3C).
#include <thread.h>

#include <signal.h>

#include <cerrno>
#include <vector>

#include "conformance/fixture.h"
#include "conformance/signal_sets.h"

namespace conformance {
namespace {

// Gives the thread that runs the tests its mask back.
class ThrSigsetmask : public ThreadTest {
  protected:
    void SetUp() override { ASSERT_EQ(thr_sigsetmask(SIG_BLOCK, nullptr, &before_), 0); }

    void TearDown() override
    {
        EXPECT_EQ(thr_sigsetmask(SIG_SETMASK, &before_, nullptr), 0);
        ThreadTest::TearDown();
    }

  private:
    sigset_t before_{};
};

INSTANTIATE_TEST_SUITE_P(Threads, ThrSigsetmask, bindings(), binding_name);

using Numbers = std::vector<int>;

Numbers own_mask()
{
    sigset_t mask;
    sigemptyset(&mask);
    EXPECT_EQ(thr_sigsetmask(SIG_BLOCK, nullptr, &mask), 0);
    return numbers_in(mask);
}

void set_mask(std::initializer_list<int> numbers)
{
    const sigset_t mask = signal_set(numbers);
    EXPECT_EQ(thr_sigsetmask(SIG_SETMASK, &mask, nullptr), 0);
}

void expect_operations_work()
{
    const sigset_t usr1_and_2 = signal_set({SIGUSR1, SIGUSR2});
    const sigset_t usr1_and_term = signal_set({SIGUSR1, SIGTERM});
    sigset_t old;
    set_mask({SIGHUP});
    EXPECT_EQ(thr_sigsetmask(SIG_BLOCK, &usr1_and_2, &old), 0);
    EXPECT_EQ(numbers_in(old), Numbers{SIGHUP});
    EXPECT_EQ(own_mask(), (Numbers{SIGHUP, SIGUSR1, SIGUSR2}));
    EXPECT_EQ(thr_sigsetmask(SIG_UNBLOCK, &usr1_and_term, &old), 0);
    EXPECT_EQ(numbers_in(old), (Numbers{SIGHUP, SIGUSR1, SIGUSR2}));
    EXPECT_EQ(own_mask(), (Numbers{SIGHUP, SIGUSR2}));
    EXPECT_EQ(thr_sigsetmask(SIG_SETMASK, &usr1_and_term, &old), 0);
    EXPECT_EQ(numbers_in(old), (Numbers{SIGHUP, SIGUSR2}));
    EXPECT_EQ(own_mask(), (Numbers{SIGUSR1, SIGTERM}));
}

// SIG-08: SIG_BLOCK adds, SIG_UNBLOCK removes, SIG_SETMASK replaces.
TEST_P(ThrSigsetmask, S08AddsRemovesAndReplaces)
{
    expect_operations_work();
    join(start(expect_operations_work));
}

// SIG-09: without a set `how` does not matter and the mask is told.
// SIG-10: the place for the old mask may be null.
TEST_P(ThrSigsetmask, S09AcceptsNullPointers)
{
    set_mask({SIGUSR2});
    sigset_t old;
    sigemptyset(&old);
    EXPECT_EQ(thr_sigsetmask(-12345, nullptr, &old), 0);
    EXPECT_EQ(numbers_in(old), Numbers{SIGUSR2});
    EXPECT_EQ(thr_sigsetmask(-12345, nullptr, nullptr), 0);
    const sigset_t usr1 = signal_set({SIGUSR1});
    EXPECT_EQ(thr_sigsetmask(SIG_BLOCK, &usr1, nullptr), 0);
    EXPECT_EQ(own_mask(), (Numbers{SIGUSR1, SIGUSR2}));
}

// SIG-11: a bad `how` with a set gives EINVAL and changes nothing.
TEST_P(ThrSigsetmask, S11RefusesABadHow)
{
    set_mask({SIGUSR2});
    const sigset_t usr1 = signal_set({SIGUSR1});
    for (const int how : {-1, 77}) {
        EXPECT_EQ(thr_sigsetmask(how, &usr1, nullptr), EINVAL) << how;
        EXPECT_EQ(own_mask(), Numbers{SIGUSR2}) << how;
    }
}

// SIG-12: SIGKILL and SIGSTOP are left out silently; so are the few reserved signals.
TEST_P(ThrSigsetmask, S12DropsSigkillAndSigstop)
{
    set_mask({SIGKILL, SIGSTOP, SIGUSR1});
    EXPECT_EQ(own_mask(), Numbers{SIGUSR1});
    sigset_t all;
    sigfillset(&all);
    EXPECT_EQ(thr_sigsetmask(SIG_BLOCK, &all, nullptr), 0);
    EXPECT_EQ(own_mask(), maskable_signals());
    EXPECT_GE(own_mask().size(), static_cast<std::size_t>(SIGRTMAX - 6));
}

// SIG-13: masks are per thread.
TEST_P(ThrSigsetmask, S13IsPerThread)
{
    set_mask({SIGHUP});
    constexpr int kThreads = 4;
    latch::Latch all_set{kThreads};
    Numbers seen[kThreads];
    std::vector<thread_t> ids;
    for (int i = 0; i < kThreads; ++i) {
        ids.push_back(start([&, i] {
            set_mask({SIGRTMIN + i});
            EXPECT_TRUE(all_set.arrive_and_wait());
            thr_yield();
            seen[i] = own_mask();
        }));
    }
    for (const thread_t id : ids) {
        join(id);
    }
    for (int i = 0; i < kThreads; ++i) {
        EXPECT_EQ(seen[i], Numbers{SIGRTMIN + i});
    }
    EXPECT_EQ(own_mask(), Numbers{SIGHUP});
}

// SIG-14: sigprocmask acts on the calling thread only.
TEST_P(ThrSigsetmask, S14SharesTheMaskWithSigprocmask)
{
    set_mask({SIGHUP});
    latch::Gate changed;
    latch::Gate leave;
    Numbers seen;
    const thread_t other = start([&] {
        const sigset_t usr1 = signal_set({SIGUSR1});
        EXPECT_EQ(sigprocmask(SIG_SETMASK, &usr1, nullptr), 0);
        changed.open();
        leave.wait();
        seen = own_mask();
    });
    ASSERT_TRUE(changed.wait());
    EXPECT_EQ(own_mask(), Numbers{SIGHUP});
    leave.open();
    join(other);
    EXPECT_EQ(seen, Numbers{SIGUSR1});
    EXPECT_EQ(own_mask(), Numbers{SIGHUP});
}

}  // namespace
}  // namespace conformance
