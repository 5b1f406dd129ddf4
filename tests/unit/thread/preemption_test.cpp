// A thread that becomes ready takes an LWP from one of lower priority that computes elsewhere. On
// two LWPs, which the library does not add to while threads compute; the thread that runs the test
// keeps one of them.
#include <synch.h>
#include <thread.h>

#include <gtest/gtest.h>
#include <schedctl.h>

#include <atomic>

#include "support/bounded.h"
#include "support/insight.h"

namespace {

using bounded::compute_until;

constexpr int kLow = 1;
constexpr int kHigh = 10;
constexpr int kHighest = 20;

class Preemption : public testing::Test {
  protected:
    void SetUp() override
    {
        ASSERT_EQ(thr_setprio(thr_self(), kHighest), 0);
        thread_t id = 0;
        ASSERT_EQ(thr_create(nullptr, 0, wait_for_turn, this, 0, &id), 0);
        waiter_ = id;
        ASSERT_EQ(thr_setprio(waiter_, kHigh), 0);
        ASSERT_TRUE(bounded::until([&] { return insight::is_blocked(waiter_, &turn_); }));
    }

    void TearDown() override
    {
        over_ = true;
        EXPECT_EQ(thr_join(computer_, nullptr, nullptr), 0);
        EXPECT_EQ(thr_join(waiter_, nullptr, nullptr), 0);
        EXPECT_EQ(insight::growths(), 0U);
        thr_setprio(thr_self(), 0);
    }

    // Another thread computes on the other LWP from now on.
    void start_computing(int priority, void* (*body)(void*) = compute)
    {
        ASSERT_EQ(thr_create(nullptr, 0, body, this, THR_SUSPENDED, &computer_), 0);
        ASSERT_EQ(thr_setprio(computer_, priority), 0);
        ASSERT_EQ(thr_continue(computer_), 0);
        ASSERT_TRUE(compute_until([&] { return computes_.load(); }));
    }

    static void* wait_for_turn(void* argument)
    {
        auto& self = *static_cast<Preemption*>(argument);
        EXPECT_EQ(sema_wait(&self.turn_), 0);
        self.had_turn_ = true;
        return nullptr;
    }

    static void* compute(void* argument)
    {
        auto& self = *static_cast<Preemption*>(argument);
        self.computes_ = true;
        EXPECT_TRUE(compute_until([&] { return self.over_.load(); }));
        return nullptr;
    }

    static void* compute_without_being_preempted(void* argument)
    {
        auto& self = *static_cast<Preemption*>(argument);
        schedctl_t* words = schedctl_init();
        schedctl_start(words);
        self.computes_ = true;
        EXPECT_TRUE(compute_until([&] { return words->sc_yield != 0; }));
        EXPECT_FALSE(self.had_turn_);
        schedctl_stop(words);
        EXPECT_TRUE(self.had_turn_);
        return nullptr;
    }

    sema_t turn_{};
    std::atomic<bool> computes_{false};
    std::atomic<bool> had_turn_{false};
    std::atomic<bool> over_{false};
    thread_t waiter_ = 0;
    thread_t computer_ = 0;
};

TEST_F(Preemption, AWokenThreadTakesTheLwpOfALowerOne)
{
    start_computing(kLow);
    ASSERT_EQ(sema_post(&turn_), 0);
    EXPECT_TRUE(compute_until([&] { return had_turn_.load(); }));
}

TEST_F(Preemption, AThreadMadeHigherThanOneThatRunsTakesItsLwp)
{
    start_computing(kLow);
    ASSERT_EQ(thr_setprio(waiter_, 0), 0);
    ASSERT_EQ(sema_post(&turn_), 0);
    ASSERT_EQ(thr_setprio(waiter_, kHigh), 0);
    EXPECT_TRUE(compute_until([&] { return had_turn_.load(); }));
}

TEST_F(Preemption, AThreadMadeLowerThanOneThatIsReadyLosesItsLwp)
{
    start_computing(kHigh + 1);
    ASSERT_EQ(sema_post(&turn_), 0);
    ASSERT_EQ(thr_setprio(computer_, kLow), 0);
    EXPECT_TRUE(compute_until([&] { return had_turn_.load(); }));
}

TEST_F(Preemption, IsHeldOffBySchedctl)
{
    start_computing(kLow, compute_without_being_preempted);
    ASSERT_EQ(sema_post(&turn_), 0);
    EXPECT_TRUE(compute_until([&] { return had_turn_.load(); }));
}

}  // namespace
