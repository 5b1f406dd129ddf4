// Threads that spin, one on each processor, for something that only a thread without an LWP can do.
#include <thread.h>

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <vector>

#include "support/bounded.h"

namespace {

struct Spinners {
    std::atomic<int> spinning{0};
    std::atomic<bool> released{false};
    std::atomic<bool> gave_up{false};
};

void* spin(void* argument)
{
    auto& spinners = *static_cast<Spinners*>(argument);
    spinners.spinning.fetch_add(1);
    const auto end = std::chrono::steady_clock::now() + bounded::kPatience;
    while (!spinners.released.load()) {
        if (std::chrono::steady_clock::now() > end) {
            spinners.gave_up.store(true);
            break;
        }
    }
    return nullptr;
}

class Starvation : public testing::TestWithParam<int> {};

INSTANTIATE_TEST_SUITE_P(Priorities, Starvation, testing::Values(0, 64));

// As in a wrapper that holds its spin lock while it makes a thread, raises it and continues it.
TEST_P(Starvation, WhoHoldsWhatAllOthersSpinForGetsAnLwp)
{
    Spinners spinners;
    std::vector<thread_t> ids(static_cast<std::size_t>(sysconf(_SC_NPROCESSORS_ONLN)));
    for (thread_t& id : ids) {
        ASSERT_EQ(thr_create(nullptr, 0, spin, &spinners, THR_SUSPENDED, &id), 0);
        ASSERT_EQ(thr_setprio(id, GetParam()), 0);
        ASSERT_EQ(thr_continue(id), 0);
    }
    while (spinners.spinning.load() < static_cast<int>(ids.size()) && !spinners.gave_up.load()) {
        thr_yield();
    }
    spinners.released.store(true);
    for (const thread_t id : ids) {
        ASSERT_EQ(thr_join(id, nullptr, nullptr), 0);
    }
    EXPECT_FALSE(spinners.gave_up.load());
}

}  // namespace
