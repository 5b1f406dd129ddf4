#include "model/order.h"

#include <gtest/gtest.h>

using namespace lwpi;

namespace {

Snapshot some_threads()
{
    Snapshot snapshot;
    snapshot.places = {{"alpha", 0, "a", "/a", ""}, {"beta", 0, "a", "/a", ""}};
    for (const std::uint64_t id : {1U, 2U, 3U, 4U}) {
        ThreadInfo thread;
        thread.id = id;
        thread.state_name = id % 2 == 0 ? "ready" : "blocked";
        thread.wait.name = "-";
        thread.stack.frames = {{1, id % 2 == 0 ? 0U : 1U}};
        snapshot.threads.push_back(thread);
    }
    snapshot.threads[0].since_ns = 5;
    snapshot.threads[2].since_ns = 50;
    return snapshot;
}

std::vector<std::uint64_t> sorted(const Snapshot& snapshot, ThreadKey key, bool reverse)
{
    std::vector<const ThreadInfo*> threads;
    for (const ThreadInfo& thread : snapshot.threads) {
        threads.push_back(&thread);
    }
    sort_threads(snapshot, threads, key, reverse);
    std::vector<std::uint64_t> ids;
    for (const ThreadInfo* thread : threads) {
        ids.push_back(thread->id);
    }
    return ids;
}

}  // namespace

TEST(Order, SortsByKeyThenById)
{
    const Snapshot snapshot = some_threads();
    using Ids = std::vector<std::uint64_t>;
    EXPECT_EQ(sorted(snapshot, ThreadKey::kId, true), (Ids{4, 3, 2, 1}));
    EXPECT_EQ(sorted(snapshot, ThreadKey::kState, false), (Ids{1, 3, 2, 4}));
    EXPECT_EQ(sorted(snapshot, ThreadKey::kState, true), (Ids{2, 4, 1, 3}));
    // Longest first; the unknown last, either way.
    EXPECT_EQ(sorted(snapshot, ThreadKey::kSince, false), (Ids{3, 1, 2, 4}));
    EXPECT_EQ(sorted(snapshot, ThreadKey::kSince, true), (Ids{1, 3, 2, 4}));
}

TEST(Order, FiltersByFunctionAndState)
{
    Snapshot snapshot = some_threads();
    StackFilter filter;
    filter.function = Pattern("^al");
    apply(filter, snapshot);
    ASSERT_EQ(snapshot.threads.size(), 2U);
    EXPECT_EQ(snapshot.threads[0].id, 2U);
    filter.function.reset();
    filter.state = "blocked";
    apply(filter, snapshot);
    EXPECT_TRUE(snapshot.threads.empty());
}

TEST(Order, KnowsItsKeys)
{
    EXPECT_EQ(thread_key("sw"), ThreadKey::kSwitches);
    EXPECT_FALSE(thread_key("colour"));
}
