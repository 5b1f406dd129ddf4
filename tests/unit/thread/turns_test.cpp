// Whose turn it is when a thread joins one that has not run yet, and what creating many at once
// costs. With one LWP, which stays alone.
#include <synch.h>
#include <thread.h>

#include <gtest/gtest.h>
#include <pthread.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <set>
#include <vector>

#include "support/bounded.h"
#include "support/insight.h"

namespace {

std::vector<int> order;  // one LWP: whoever runs may write

void* note(void* number)
{
    order.push_back(static_cast<int>(reinterpret_cast<std::intptr_t>(number)));
    return nullptr;
}

thread_t create(void* (*body)(void*), void* argument, long flags = 0)
{
    thread_t id = 0;
    EXPECT_EQ(thr_create(nullptr, 0, body, argument, flags, &id), 0);
    return id;
}

// In most rounds: the clock may move what waits behind a thread that seems to compute.
TEST(Turns, AThreadThatIsJoinedRunsAtOnceAndTheOthersInTheirOrder)
{
    const std::vector<int> wanted{3, 0, 1, 2, 4};
    std::size_t as_wanted = 0;
    for (int round = 0; round < 100; ++round) {
        order.clear();
        std::array<thread_t, 5> ids{};
        for (std::size_t i = 0; i < ids.size(); ++i) {
            ids[i] = create(note, reinterpret_cast<void*>(i));
        }
        ASSERT_EQ(thr_join(ids[3], nullptr, nullptr), 0);
        for (const std::size_t i : {0U, 1U, 2U, 4U}) {
            ASSERT_EQ(thr_join(ids[i], nullptr, nullptr), 0);
        }
        as_wanted += order == wanted ? 1U : 0U;
        std::sort(order.begin(), order.end());
        ASSERT_EQ(order, (std::vector<int>{0, 1, 2, 3, 4}));
    }
    EXPECT_GT(as_wanted, 0U);
}

// Each join leaves an entry behind in the run queue, and the record is soon another thread's.
TEST(Turns, EntriesLeftBehindRunNobodyTwice)
{
    constexpr int kRounds = 30'000;  // more than the run queue holds
    std::atomic<int> runs{0};
    const auto count = [](void* argument) -> void* {
        static_cast<std::atomic<int>*>(argument)->fetch_add(1);
        return nullptr;
    };
    for (int round = 0; round < kRounds; round += 3) {
        const thread_t first = create(count, &runs);
        const thread_t second = create(count, &runs);
        const thread_t third = create(count, &runs);
        ASSERT_EQ(thr_join(third, nullptr, nullptr), 0);
        ASSERT_EQ(thr_join(second, nullptr, nullptr), 0);
        if (round % 2 == 0) {
            thr_yield();
        }
        ASSERT_EQ(thr_join(first, nullptr, nullptr), 0);
        ASSERT_EQ(runs.load(), round + 3);
    }
}

struct Spawner {
    std::atomic<bool>* stop;
    std::uint64_t joined = 0;
};

// Lent turns may not keep a thread waiting that was there before.
TEST(Turns, AThreadThatWaitsIsNotPassedByForEver)
{
    std::atomic<bool> stop{false};
    Spawner spawner{&stop};
    const thread_t busy = create(
        [](void* argument) -> void* {
            auto& self = *static_cast<Spawner*>(argument);
            while (!self.stop->load()) {
                const thread_t child = create([](void*) -> void* { return nullptr; }, nullptr);
                EXPECT_EQ(thr_join(child, nullptr, nullptr), 0);
                ++self.joined;
            }
            return nullptr;
        },
        &spawner);
    create(
        [](void* argument) -> void* {
            static_cast<std::atomic<bool>*>(argument)->store(true);
            return nullptr;
        },
        &stop, THR_DETACHED);
    ASSERT_EQ(thr_join(busy, nullptr, nullptr), 0) << "joined " << spawner.joined;
}

std::set<std::uintptr_t> stacks;

void* note_stack(void* names_itself)
{
    const int local = 0;
    if (names_itself != nullptr) {
        EXPECT_NE(pthread_self(), pthread_t{});
    }
    stacks.insert(reinterpret_cast<std::uintptr_t>(&local) / 4096);
    return nullptr;
}

std::size_t stacks_of_a_thousand(bool name_themselves)
{
    constexpr std::size_t kCount = 1000;
    stacks.clear();
    std::vector<thread_t> ids;
    for (std::size_t i = 0; i < kCount; ++i) {
        ids.push_back(create(note_stack, name_themselves ? &stacks : nullptr));
    }
    for (const thread_t id : ids) {
        EXPECT_EQ(thr_join(id, nullptr, nullptr), 0);
    }
    return stacks.size();
}

TEST(Turns, ShortThreadsThatNobodyHasJoinedYetShareFewStacks)
{
    EXPECT_LE(stacks_of_a_thousand(false), 100U);
}

// pthread_cancel and the like may still name them.
TEST(Turns, AThreadThatKnowsItsPthreadIdKeepsItUntilItIsJoined)
{
    EXPECT_EQ(stacks_of_a_thousand(true), 1000U);
}

struct Awaited {
    sema_t go{};
    pthread_t handle{};
    thread_t id = 0;
    int result = -1;
};

void* live_until_posted(void* argument)
{
    auto& self = *static_cast<Awaited*>(argument);
    self.handle = pthread_self();
    sema_wait(&self.go);
    return nullptr;
}

void* join_awaited(void* argument)
{
    auto& target = *static_cast<Awaited*>(argument);
    target.result = thr_join(target.id, nullptr, nullptr);
    return nullptr;
}

// The end of a thread joins it for whoever waits: not when it was detached meanwhile.
TEST(Turns, AJoinerWhoseThreadIsDetachedWhileItSleepsGetsNone)
{
    Awaited target;
    target.id = create(live_until_posted, &target);
    const thread_t joiner = create(join_awaited, &target);
    ASSERT_TRUE(bounded::until(
        [&] { return insight::is_blocked(target.id, &target.go) && insight::is_blocked(joiner); }));
    ASSERT_EQ(pthread_detach(target.handle), 0);
    sema_post(&target.go);
    ASSERT_EQ(thr_join(joiner, nullptr, nullptr), 0);
    EXPECT_EQ(target.result, ESRCH);
}

}  // namespace
