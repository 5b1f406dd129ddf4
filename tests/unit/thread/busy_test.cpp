// Who counts as held in the kernel when the clock LWP asks whether the pool is to grow.
#include "sched/busy.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "support/bounded.h"

namespace lt {
namespace {

// The only LWP of the pool, whose task computes for a while, or not at all, and sleeps in read(2).
class BusyPool : public testing::Test {
  protected:
    void SetUp() override
    {
        ASSERT_EQ(pipe(ends_.data()), 0);
        lwp_ = allocate_lwp();
        ASSERT_NE(lwp_, nullptr);
        task_ = std::thread{[this] {
            // release: awaited below.
            lwp_->tid.store(static_cast<std::uint32_t>(syscall(SYS_gettid)), memory_order_release);
            while (computes_) {}
            char byte = 0;
            EXPECT_EQ(syscall(SYS_read, ends_[0], &byte, 1), 1);
        }};
        // acquire: pairs with the store above.
        while (lwp_->tid.load(memory_order_acquire) == 0) {
            sched_yield();
        }
        ASSERT_TRUE(pool_members.add(*lwp_));
    }

    void TearDown() override
    {
        computes_ = false;
        pool_members.remove(*lwp_);
        EXPECT_EQ(write(ends_[1], "x", 1), 1);
        task_.join();
        close(ends_[0]);
        close(ends_[1]);
    }

    // How many are awake of an LWP in that state, with so many switches since the look.
    std::uint32_t awake(LwpState state, std::uint64_t switches = 0)
    {
        lwp_->state.store(state, memory_order_relaxed);          // relaxed: one thread
        lwp_->dispatches.store(switches, memory_order_relaxed);  // relaxed: as above
        return busy_->count(seen_.data(), Stall::kBegins).awake;
    }

    std::atomic<bool> computes_{false};
    Lwp* lwp_ = nullptr;
    std::unique_ptr<BusyLwps> busy_ = std::make_unique<BusyLwps>();
    std::vector<std::uint64_t> seen_ = std::vector<std::uint64_t>(PoolMembers::kMax);
    std::array<int, 2> ends_{};
    std::thread task_;
};

TEST_F(BusyPool, ACallHoldsItsLwp)
{
    EXPECT_TRUE(bounded::until([&] { return awake(LwpState::kRunning) == 0; }));
}

// The clock LWP may have waited for a processor between its look and its question.
TEST_F(BusyPool, WhoHasRunOutOfWorkSinceTheLookIsNotHeld)
{
    ASSERT_TRUE(bounded::until([&] { return awake(LwpState::kRunning) == 0; }));
    EXPECT_EQ(awake(LwpState::kParked), 1U);
    EXPECT_EQ(awake(LwpState::kSearching), 1U);
    EXPECT_EQ(awake(LwpState::kRunning, 1), 1U);
}

class ComputingPool : public BusyPool {
  protected:
    ComputingPool() { computes_ = true; }
};

// However little of the processor it gets from one look to the next: a stall once had no end where
// that was less than half of the time.
TEST_F(ComputingPool, AddsUpWhatItUsesWhileTheStallGoesOn)
{
    lwp_->state.store(LwpState::kRunning, memory_order_relaxed);  // relaxed: one thread
    EXPECT_FALSE(busy_->count(seen_.data(), Stall::kBegins).computing);
    EXPECT_TRUE(
        bounded::until([&] { return busy_->count(seen_.data(), Stall::kGoesOn).computing; }));
    EXPECT_FALSE(busy_->count(seen_.data(), Stall::kBegins).computing);
}

}  // namespace
}  // namespace lt
