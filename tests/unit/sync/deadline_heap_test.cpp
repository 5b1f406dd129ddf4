#include "sched/deadline_heap.h"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <algorithm>
#include <deque>
#include <new>
#include <random>
#include <vector>

#include "base/compiler.h"

namespace lt {
namespace {

// Takes a random one, or the first, out of the heap now and then.
void check_order(std::int64_t (*deadline)(std::mt19937& random, int number))
{
    constexpr int kThreads = 2000;
    std::mt19937 random{42};
    std::deque<Thread> threads(kThreads);
    std::vector<Thread*> present;
    DeadlineHeap heap;
    const auto take = [&](Thread* thread) {
        heap.remove(*thread);
        present.erase(std::find(present.begin(), present.end(), thread));
    };
    const auto expect_earliest_first = [&] {
        const auto earliest = std::min_element(
            present.begin(), present.end(),
            [](const Thread* a, const Thread* b) { return a->deadline_ns < b->deadline_ns; });
        ASSERT_EQ(heap.first() != nullptr, earliest != present.end());
        if (earliest != present.end()) {
            ASSERT_EQ(heap.first()->deadline_ns, (*earliest)->deadline_ns);
        }
    };
    for (int i = 0; i < kThreads; ++i) {
        Thread& thread = threads[static_cast<std::size_t>(i)];
        thread.deadline_ns = deadline(random, i);
        heap.insert(thread);
        present.push_back(&thread);
        expect_earliest_first();
        if (random() % 2 == 0) {
            take(random() % 2 == 0 ? heap.first() : present[random() % present.size()]);
            expect_earliest_first();
        }
    }
    while (!present.empty()) {
        take(heap.first());
        expect_earliest_first();
    }
}

TEST(DeadlineHeap, GivesTheEarliestOfAnyOrder)
{
    check_order([](std::mt19937& random, int) {
        return std::int64_t{static_cast<std::int32_t>(random() % 1000)};
    });
}

TEST(DeadlineHeap, GivesTheEarliestOfWaitsOfSeveralLengths)
{
    check_order([](std::mt19937& random, int number) -> std::int64_t {
        constexpr std::int64_t kLengths[] = {10, 20, 300, 4000, 50'000, 600'000};
        return number + kLengths[random() % std::size(kLengths)];
    });
}

TEST(DeadlineHeap, GivesTheEarliestOfThoseThatComeBackwards)
{
    check_order([](std::mt19937&, int number) { return std::int64_t{-number}; });
}

// Among waits of other lengths, too, one that begins or ends costs no look at others than its
// neighbours: whoever looks at the page ends the test.
TEST(DeadlineHeap, OfWaitsOfOneLengthTouchesNeighboursOnly)
{
    constexpr std::size_t kHidden = kPageSize / sizeof(Thread);
    constexpr std::int64_t kLength = 100;
    void* page =
        mmap(nullptr, kPageSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ASSERT_NE(page, MAP_FAILED);
    DeadlineHeap heap;
    std::deque<Thread> others;
    std::int64_t now = 0;
    const auto begin = [&](Thread& thread, std::int64_t length) {
        thread.deadline_ns = now + length;
        heap.insert(thread);
    };
    const auto begin_other = [&](std::int64_t length) -> Thread& {
        Thread& thread = others.emplace_back();
        begin(thread, length);
        return thread;
    };
    Thread& hour = begin_other(1'000'000);
    Thread& second = begin_other(10'000);
    Thread& first = begin_other(kLength);
    Thread& next = begin_other(kLength);
    for (std::size_t i = 0; i < kHidden; ++i, ++now) {
        begin(*new (static_cast<char*>(page) + i * sizeof(Thread)) Thread, kLength);
    }
    Thread& last = begin_other(kLength);
    ASSERT_EQ(mprotect(page, kPageSize, PROT_NONE), 0);
    Thread& newest = begin_other(kLength);
    heap.remove(first);
    EXPECT_EQ(heap.first(), &next);
    heap.remove(newest);
    begin(first, kLength);
    heap.remove(hour);
    heap.remove(second);
    ASSERT_EQ(mprotect(page, kPageSize, PROT_READ | PROT_WRITE), 0);
    for (std::size_t left = kHidden + 1; left != 0; --left) {
        heap.remove(*heap.first());
    }
    EXPECT_EQ(heap.first(), &last);
    munmap(page, kPageSize);
}

}  // namespace
}  // namespace lt
