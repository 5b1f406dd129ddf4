// LWPs that all have work share it evenly. With two.
#include <thread.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <vector>

#include "lwp/pool.h"
#include "sched/run_queue.h"
#include "support/bounded.h"

namespace lt {
namespace {

std::atomic<bool> stop{false};

void* keep_yielding(void* /*argument*/)
{
    while (!stop) {
        thr_yield();
    }
    return nullptr;
}

// The lengths of the run queues of the pool's LWPs.
std::vector<std::uint32_t> lengths()
{
    std::vector<std::uint32_t> found;
    for (std::uint32_t i = 0; i < pool_members.limit(); ++i) {
        if (const Lwp* lwp = pool_members.at(i)) {
            found.push_back(lwp->run_queue->size());
        }
    }
    return found;
}

// They were all made on one LWP, and none of the two is ever without work.
TEST(EvenQueues, AnLwpWithFewThreadsTakesOverAPartOfTheOthers)
{
    constexpr std::uint32_t kThreads = 300;
    std::vector<thread_t> ids(kThreads);
    for (thread_t& id : ids) {
        ASSERT_EQ(thr_create(nullptr, 0, keep_yielding, nullptr, 0, &id), 0);
    }
    EXPECT_TRUE(bounded::until([] {
        const std::vector<std::uint32_t> found = lengths();
        return found.size() == 2 && *std::min_element(found.begin(), found.end()) > kThreads / 4;
    })) << lengths().size();
    stop = true;
    for (const thread_t id : ids) {
        EXPECT_EQ(thr_join(id, nullptr, nullptr), 0);
    }
}

}  // namespace
}  // namespace lt
