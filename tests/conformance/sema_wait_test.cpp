// sema_wait(3C), sema_trywait, sema_timedwait, sema_reltimedwait, sema_post.
#include <synch.h>
#include <thread.h>

#include <climits>
#include <cstring>

#include "sync_support.h"

namespace conformance {
namespace {

sema_t handler_sema;

class SemaWait : public ThreadTest {
  protected:
    // Starts a waiter that notes `who` after its wait, and waits until it sleeps.
    thread_t start_waiter(int who)
    {
        const thread_t id = start([this, who] {
            EXPECT_EQ(sema_wait(&sema_), 0);
            order_.note(who);
        });
        EXPECT_TRUE(sleeps_on(id, &sema_));
        return id;
    }

    template <class Function>
    int elsewhere(Function function)
    {
        int result = -1;
        join(start([&] { result = function(); }));
        return result;
    }

    sema_t sema_{};
    Order order_;
};
INSTANTIATE_TEST_SUITE_P(, SemaWait, bindings(), binding_name);

// SEMA-02: sema_wait at count 0 blocks until a post.
TEST_P(SemaWait, S02BlocksUntilAPost)
{
    const thread_t waiter = start_waiter(1);
    EXPECT_TRUE(stays_asleep_on(waiter, &sema_));
    EXPECT_EQ(order_.size(), 0U);
    EXPECT_EQ(sema_post(&sema_), 0);
    join(waiter);
    EXPECT_EQ(order_.size(), 1U);
}

// SEMA-03: sema_trywait at count 0 returns EBUSY.
TEST_P(SemaWait, S03TrywaitAtZeroReturnsEbusy)
{
    EXPECT_EQ(elsewhere([&] { return sema_trywait(&sema_); }), EBUSY);
}

// SEMA-04: sema_trywait decrements a positive count.
TEST_P(SemaWait, S04TrywaitDecrements)
{
    sema_post(&sema_);
    sema_post(&sema_);
    EXPECT_EQ(elsewhere([&] { return sema_trywait(&sema_); }), 0);
    EXPECT_EQ(elsewhere([&] { return sema_trywait(&sema_); }), 0);
    EXPECT_EQ(elsewhere([&] { return sema_trywait(&sema_); }), EBUSY);
}

// SEMA-07: a post at the maximum gives EOVERFLOW and changes nothing.
TEST_P(SemaWait, S07PostAtTheMaximumGivesEoverflow)
{
    for (const int type : {USYNC_THREAD, USYNC_PROCESS}) {
        ASSERT_EQ(sema_init(&sema_, unsigned{INT_MAX}, type, nullptr), 0);
        EXPECT_EQ(sema_post(&sema_), EOVERFLOW);
        EXPECT_EQ(sema_wait(&sema_), 0);
        EXPECT_EQ(sema_post(&sema_), 0);
        EXPECT_EQ(sema_post(&sema_), EOVERFLOW);
    }
}

// SEMA-08: a caught signal ends the wait with EINTR, the count is unchanged.
TEST_P(SemaWait, S08ReturnsEintrAfterACaughtSignal)
{
    for (const int flags : {0, SA_RESTART}) {
        const CountingHandler handler{SIGUSR1, flags};
        int result = -1;
        const thread_t waiter = start([&] { result = sema_wait(&sema_); });
        ASSERT_TRUE(sleeps_on(waiter, &sema_));
        EXPECT_EQ(thr_kill(waiter, SIGUSR1), 0);
        join(waiter);
        EXPECT_EQ(result, EINTR);
        EXPECT_EQ(handler.count(), 1);
        EXPECT_EQ(sema_trywait(&sema_), EBUSY);
        sema_post(&sema_);
        EXPECT_EQ(sema_trywait(&sema_), 0);
        EXPECT_EQ(sema_trywait(&sema_), EBUSY);
    }
}

// SEMA-09: sema_post from a signal handler wakes a waiter.
TEST_P(SemaWait, S09PostFromAHandlerWakesAWaiter)
{
    std::memset(&handler_sema, 0, sizeof handler_sema);
    struct sigaction action {};
    action.sa_handler = [](int) { sema_post(&handler_sema); };
    struct sigaction before {};
    sigaction(SIGUSR2, &action, &before);

    constexpr int kPosts = 100;
    std::atomic<int> received{0};
    const thread_t waiter = start([&] {
        for (int i = 0; i < kPosts; ++i) {
            EXPECT_EQ(sema_wait(&handler_sema), 0);
            ++received;
        }
    });
    const thread_t poster = start([&] {
        for (int i = 0; i < kPosts; ++i) {
            EXPECT_EQ(thr_kill(thr_self(), SIGUSR2), 0);
        }
    });
    join(poster);
    EXPECT_TRUE(bounded::until([&] { return received == kPosts; })) << received;
    join(waiter);
    sigaction(SIGUSR2, &before, nullptr);
}

// SEMA-10: a time in the past and count 0 give ETIME.
TEST_P(SemaWait, S10PastTimeAtZeroGivesEtime)
{
    const timestruc_t past = from_now(-1s);
    EXPECT_EQ(elsewhere([&] { return sema_timedwait(&sema_, &past); }), ETIME);
    const timestruc_t none{0, 0};
    EXPECT_EQ(elsewhere([&] { return sema_reltimedwait(&sema_, &none); }), ETIME);
}

// SEMA-11: with a positive count the time does not matter.
TEST_P(SemaWait, S11PastTimeWithACountGivesZero)
{
    const timestruc_t past = from_now(-1s);
    sema_post(&sema_);
    EXPECT_EQ(elsewhere([&] { return sema_timedwait(&sema_, &past); }), 0);
    EXPECT_EQ(sema_trywait(&sema_), EBUSY);
}

// SEMA-12: sema_reltimedwait gives ETIME after the time, not before; sema_timedwait likewise.
TEST_P(SemaWait, S12TimedWaitsLastAsLongAsAsked)
{
    constexpr auto kWait = 200ms;
    auto before = read_clock(CLOCK_MONOTONIC);
    const timestruc_t relative = to_timestruc(kWait);
    EXPECT_EQ(elsewhere([&] { return sema_reltimedwait(&sema_, &relative); }), ETIME);
    EXPECT_GE(read_clock(CLOCK_MONOTONIC) - before, kWait);
    EXPECT_LT(read_clock(CLOCK_MONOTONIC) - before, bounded::kPatience);

    const auto end = read_clock(CLOCK_REALTIME) + kWait;
    const timestruc_t absolute = to_timestruc(end);
    EXPECT_EQ(elsewhere([&] { return sema_timedwait(&sema_, &absolute); }), ETIME);
    EXPECT_GE(read_clock(CLOCK_REALTIME), end);
    EXPECT_LT(read_clock(CLOCK_REALTIME), end + bounded::kPatience);
}

// SEMA-13: bad nanoseconds give EINVAL when the call would block.
TEST_P(SemaWait, S13RefusesBadNanosecondsWhenItWouldBlock)
{
    for (const long nanoseconds : {-1L, kNanosecondsPerSecond}) {
        timestruc_t absolute = from_now(60s);
        absolute.tv_nsec = nanoseconds;
        const timestruc_t relative{1, nanoseconds};
        EXPECT_EQ(elsewhere([&] { return sema_timedwait(&sema_, &absolute); }), EINVAL);
        EXPECT_EQ(elsewhere([&] { return sema_reltimedwait(&sema_, &relative); }), EINVAL);
    }
}

// SEMA-14: among equal priorities the first come is the first served.
TEST_P(SemaWait, S14IsFirstInFirstOutAmongEquals)
{
    constexpr int kWaiters = 12;
    std::vector<thread_t> waiters;
    std::vector<int> expected;
    for (int who = 0; who < kWaiters; ++who) {
        waiters.push_back(start_waiter(who));
        expected.push_back(who);
    }
    for (std::size_t posted = 1; posted <= waiters.size(); ++posted) {
        sema_post(&sema_);
        ASSERT_TRUE(order_.reaches(posted));
    }
    for (const thread_t id : waiters) {
        join(id);
    }
    EXPECT_EQ(order_.seen(), expected);
}

// SEMA-17: N posts release exactly N of more waiters.
TEST_P(SemaWait, S17PostsReleaseExactlyAsMany)
{
    constexpr std::size_t kWaiters = 10;
    constexpr std::size_t kPosts = 6;
    std::vector<thread_t> waiters;
    for (std::size_t who = 0; who < kWaiters; ++who) {
        waiters.push_back(start_waiter(static_cast<int>(who)));
    }
    for (std::size_t i = 0; i < kPosts; ++i) {
        sema_post(&sema_);
    }
    ASSERT_TRUE(order_.reaches(kPosts));
    EXPECT_TRUE(bounded::holds_for(kWindow, [&] { return order_.size() == kPosts; }));
    for (std::size_t i = kPosts; i < kWaiters; ++i) {
        sema_post(&sema_);
    }
    for (const thread_t id : waiters) {
        join(id);
    }
    EXPECT_EQ(sema_trywait(&sema_), EBUSY);
}

// SEMA-18: sema_wait is a cancellation point, and a cancelled waiter consumes nothing.
TEST_P(SemaWait, S18CancelledWaiterConsumesNothing)
{
    std::atomic<pthread_t> self{0};
    const thread_t waiter = start([&] {
        self = pthread_self();
        sema_wait(&sema_);
        ADD_FAILURE() << "the wait was not cancelled";
    });
    ASSERT_TRUE(sleeps_on(waiter, &sema_));
    EXPECT_EQ(pthread_cancel(self), 0);
    EXPECT_EQ(join(waiter), PTHREAD_CANCELED);
    EXPECT_EQ(sema_trywait(&sema_), EBUSY);
    sema_post(&sema_);
    EXPECT_EQ(sema_trywait(&sema_), 0);
}

// SEMA-21: any thread may post, whoever waited.
TEST_P(SemaWait, S21AnyThreadMayPost)
{
    ASSERT_EQ(sema_init(&sema_, 1, USYNC_THREAD, nullptr), 0);
    EXPECT_EQ(sema_wait(&sema_), 0);
    EXPECT_EQ(elsewhere([&] { return sema_post(&sema_); }), 0);
    EXPECT_EQ(sema_trywait(&sema_), 0);
}

// SEMA-22: the functions return codes and leave errno alone.
TEST_P(SemaWait, S22LeavesErrnoAlone)
{
    constexpr int kMark = 4242;
    join(start([&] {
        errno = kMark;
        EXPECT_EQ(sema_trywait(&sema_), EBUSY);
        EXPECT_EQ(errno, kMark);
        EXPECT_EQ(sema_post(&sema_), 0);
        EXPECT_EQ(sema_wait(&sema_), 0);
        EXPECT_EQ(errno, kMark);
        const timestruc_t soon{0, 1'000'000};
        EXPECT_EQ(sema_reltimedwait(&sema_, &soon), ETIME);
        EXPECT_EQ(errno, kMark);
        EXPECT_EQ(sema_init(&sema_, 0, -1, nullptr), EINVAL);
        EXPECT_EQ(errno, kMark);
        sema_t full;
        sema_init(&full, unsigned{INT_MAX}, USYNC_THREAD, nullptr);
        EXPECT_EQ(sema_post(&full), EOVERFLOW);
        EXPECT_EQ(errno, kMark);
    }));
}

}  // namespace
}  // namespace conformance
