// Threads whose ids lie in all shards of the life lock (thread/life_lock.h): the ids, and what the
// shards make up together.
#include <synch.h>
#include <thread.h>

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <set>
#include <vector>

#include "support/blocked.h"
#include "support/child.h"

namespace {

constexpr std::size_t kMany = 1500;  // more than 16 shards of 64 ids
constexpr thread_t kMain = 1;

thread_t create(void* (*body)(void*), void* argument, long flags = 0)
{
    thread_t id = 0;
    if (thr_create(nullptr, 0, body, argument, flags, &id) != 0) {
        std::abort();
    }
    return id;
}

void* nothing(void* argument)
{
    return argument;
}

// A process of few threads sees them in the order of their making.
const child::Program few_threads{"few_threads", [] {
                                     for (thread_t wanted = kMain + 1; wanted < 50; ++wanted) {
                                         const thread_t id = create(nothing, nullptr);
                                         if (id != wanted || thr_join(id, nullptr, nullptr) != 0) {
                                             return 1;
                                         }
                                     }
                                     return 0;
                                 }};

TEST(LifeShards, IdsOfFewThreadsAreConsecutive)
{
    const child::Outcome outcome = child::run(few_threads);
    EXPECT_EQ(outcome.exit_status, 0) << outcome.describe();
}

struct Maker {
    std::vector<thread_t> ids;
};

void* make_many(void* argument)
{
    auto& maker = *static_cast<Maker*>(argument);
    for (std::size_t i = 0; i < kMany / 3; ++i) {
        maker.ids.push_back(create(nothing, nullptr));
        thr_yield();
    }
    return nullptr;
}

TEST(LifeShards, IdsOfThreadsMadeOnSeveralLwpsDiffer)
{
    std::array<Maker, 3> makers;
    std::vector<thread_t> ids;
    for (Maker& maker : makers) {
        ids.push_back(create(make_many, &maker, THR_NEW_LWP));
    }
    for (const thread_t id : ids) {
        ASSERT_EQ(thr_join(id, nullptr, nullptr), 0);
    }
    std::set<thread_t> all{ids.begin(), ids.end()};
    for (const Maker& maker : makers) {
        for (const thread_t id : maker.ids) {
            EXPECT_TRUE(all.insert(id).second) << id;
            EXPECT_EQ(thr_join(id, nullptr, nullptr), 0);
        }
    }
}

TEST(LifeShards, JoinsOfAnyThreadFindAllOfThem)
{
    std::set<thread_t> alive;
    for (std::size_t i = 0; i < kMany; ++i) {
        alive.insert(create(nothing, nullptr));
    }
    while (!alive.empty()) {
        thread_t departed = 0;
        ASSERT_EQ(thr_join(0, &departed, nullptr), 0);
        EXPECT_EQ(alive.erase(departed), 1U) << departed;
    }
    EXPECT_EQ(thr_join(0, nullptr, nullptr), EDEADLK);
}

struct Joiner {
    thread_t target = kMain;
    blocked::Marker waits;
};

void* join_target(void* argument)
{
    auto& self = *static_cast<Joiner*>(argument);
    self.waits.about_to_wait();
    thr_join(self.target, nullptr, nullptr);
    return nullptr;
}

// Each waits for the one before, the first for main: nobody is left to end.
const child::Program joiners_only{"joiners_only", [] {
                                      static std::array<Joiner, 20> joiners;
                                      thread_t last = kMain;
                                      for (Joiner& joiner : joiners) {
                                          for (int i = 0; i < 80; ++i) {  // to another shard
                                              thr_join(create(nothing, nullptr), nullptr, nullptr);
                                          }
                                          joiner.target = last;
                                          last = create(join_target, &joiner);
                                          if (!joiner.waits.seen_waiting()) {
                                              return 1;
                                          }
                                      }
                                      return thr_join(0, nullptr, nullptr) == EDEADLK ? 0 : 2;
                                  }};

TEST(LifeShards, JoinersOfThreadsInAllShardsAreADeadlock)
{
    const child::Outcome outcome = child::run(joiners_only);
    EXPECT_EQ(outcome.exit_status, 0) << outcome.describe();
}

std::array<sema_t, kMany> turns;
std::atomic<std::size_t> ended{0};

// The first to be made is the last to end, but for main.
void* end_in_turn(void* argument)
{
    sema_t* own = static_cast<sema_t*>(argument);
    sema_wait(own);
    ended.fetch_add(1);
    if (own != turns.data()) {
        sema_post(own - 1);
    }
    return nullptr;
}

void tell()
{
    const char mark = ended.load() == kMany ? 'a' : 'x';
    if (write(STDOUT_FILENO, &mark, 1) != 1) {
        std::abort();
    }
}

const child::Program main_ends_first{"main_ends_first", [] {
                                         std::atexit(tell);
                                         for (sema_t& turn : turns) {
                                             sema_init(&turn, 0, USYNC_THREAD, nullptr);
                                             create(end_in_turn, &turn, THR_DETACHED);
                                         }
                                         sema_post(&turns.back());
                                         thr_exit(nullptr);
                                         return 1;
                                     }};

TEST(LifeShards, AProcessEndsWithItsLastThreadWhateverItsShard)
{
    const child::Outcome outcome = child::run(main_ends_first);
    EXPECT_EQ(outcome.exit_status, 0) << outcome.describe();
    EXPECT_EQ(outcome.output, "a");
}

}  // namespace
