// thr_setconcurrency(3C), thr_getconcurrency(3C): the level.
//
// The level of a process only rises, so most cases are child programs.
#include <thread.h>

#include <pthread.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <vector>

#include "conformance/fixture.h"

namespace conformance {
namespace {

class ThrSetconcurrency : public ThreadTest {
  protected:
    // Runs a program in a process where nothing but the program sets the level, and the pool grows
    // for no other reason.
    static void expect_success(const child::Program& program)
    {
        const child::Outcome outcome =
            child::run(program, {.environment = {"LIBTHREAD_CONCURRENCY", "LIBTHREAD_GROWTH=fixed"},
                                 .argument = binding()});
        EXPECT_EQ(outcome.exit_status, 0) << outcome.describe();
    }
};

INSTANTIATE_TEST_SUITE_P(Threads, ThrSetconcurrency, bindings(), binding_name);

// Says what a call gave instead of what it should; counts the differences.
int differs(const char* what, int is, int wanted)
{
    if (is == wanted) {
        return 0;
    }
    std::printf("%s is %d, not %d\n", what, is, wanted);
    return 1;
}

// THR-CONC-01: a negative level gives EINVAL and changes nothing.
TEST_P(ThrSetconcurrency, S01RefusesANegativeLevel)
{
    const int before = thr_getconcurrency();
    EXPECT_EQ(thr_setconcurrency(-1), EINVAL);
    EXPECT_EQ(thr_getconcurrency(), before);
}

// THR-CONC-02: level 0 is accepted.
TEST_P(ThrSetconcurrency, S02AcceptsZero)
{
    EXPECT_EQ(thr_setconcurrency(0), 0);
}

// THR-CONC-03: a valid level is accepted.
// THR-CONC-04: the initial level is 1.
// THR-CONC-05: after a rise the level is the one set.
// THR-CONC-06: a lower level is accepted and changes nothing.
const child::Program levels{"levels", [] {
                                int wrong = differs("initial level", thr_getconcurrency(), 1);
                                wrong += differs("result of 3", thr_setconcurrency(3), 0);
                                wrong += differs("level after 3", thr_getconcurrency(), 3);
                                wrong += differs("result of 2", thr_setconcurrency(2), 0);
                                wrong += differs("level after 2", thr_getconcurrency(), 3);
                                wrong += differs("result of 0", thr_setconcurrency(0), 0);
                                wrong += differs("level after 0", thr_getconcurrency(), 3);
                                wrong += differs("result of 7", thr_setconcurrency(7), 0);
                                return wrong + differs("level after 7", thr_getconcurrency(), 7);
                            }};

TEST_P(ThrSetconcurrency, S03RisesFromOneAndDoesNotFall)
{
    expect_success(levels);
}

// THR-CONC-07: a level above 65536 gives EAGAIN.
TEST_P(ThrSetconcurrency, S07RefusesALevelAboveTheMaximum)
{
    const int before = thr_getconcurrency();
    EXPECT_EQ(thr_setconcurrency(65537), EAGAIN);
    EXPECT_EQ(thr_setconcurrency(2147483647), EAGAIN);
    EXPECT_EQ(thr_getconcurrency(), before);
}

// THR-CONC-10: pthread_setconcurrency keeps a number of its own.
const child::Program two_levels{"two_levels", [] {
                                    int wrong = differs("result", pthread_setconcurrency(5), 0);
                                    return wrong + differs("level", thr_getconcurrency(), 1);
                                }};

TEST_P(ThrSetconcurrency, S10IsApartFromPthreadSetconcurrency)
{
    expect_success(two_levels);
}

constexpr int kSpinners = 4;

std::atomic<int> present{0};

// Waits without a call for all others: returns only if all run at the same time.
void* meet_by_spinning(void* /*argument*/)
{
    present.fetch_add(1);
    while (present.load() < kSpinners) {}
    return nullptr;
}

// THR-CONC-11: at level n, n threads that compute run at the same time.
const child::Program spinners{"spinners", [] {
                                  int wrong = differs("result", thr_setconcurrency(kSpinners), 0);
                                  for (int i = 0; i < kSpinners; ++i) {
                                      thr_create(nullptr, 0, meet_by_spinning, nullptr,
                                                 child::argument(), nullptr);
                                  }
                                  while (thr_join(0, nullptr, nullptr) == 0) {}
                                  return wrong + differs("present", present.load(), kSpinners);
                              }};

TEST_P(ThrSetconcurrency, S11RunsAsManyThreadsAsTheLevel)
{
    expect_success(spinners);
}

std::atomic<int> inside{0};
std::atomic<int> most_inside{0};

// Computes for a while in a place that counts who is inside; yields only outside.
void* visit(void* /*argument*/)
{
    for (int round = 0; round < 50; ++round) {
        const int now = inside.fetch_add(1) + 1;
        int most = most_inside.load();
        while (most < now && !most_inside.compare_exchange_weak(most, now)) {}
        const hrtime_t end = gethrtime() + 100'000;
        while (gethrtime() < end) {}
        inside.fetch_sub(1);
        thr_yield();
    }
    return nullptr;
}

// THR-CONC-12: at level 1 no two of many ready threads run at the same time.
const child::Program one_at_a_time{"one_at_a_time", [] {
                                       for (int i = 0; i < 10; ++i) {
                                           thr_create(nullptr, 0, visit, nullptr, child::argument(),
                                                      nullptr);
                                       }
                                       while (thr_join(0, nullptr, nullptr) == 0) {}
                                       return differs("most at once", most_inside.load(), 1);
                                   }};

TEST_P(ThrSetconcurrency, S12RunsNoMoreThreadsThanThePoolHasLwps)
{
    if (!is_multiplexed()) {
        GTEST_SKIP() << "a bound thread has an LWP of its own";
    }
    expect_success(one_at_a_time);
}

// THR-CONC-16: fewer threads than LWPs do no harm.
TEST_P(ThrSetconcurrency, S16WorksWithFewerThreadsThanLwps)
{
    ASSERT_EQ(thr_setconcurrency(16), 0);
    for (int round = 0; round < 20; ++round) {
        int results[3] = {};
        std::vector<thread_t> ids;
        for (int i = 0; i < 3; ++i) {
            ids.push_back(start([&results, i] {
                thr_yield();
                results[i] = i + 1;
            }));
        }
        for (const thread_t id : ids) {
            join(id);
        }
        ASSERT_TRUE(results[0] == 1 && results[1] == 2 && results[2] == 3) << "round " << round;
    }
}

// THR-CONC-18: any thread may ask for the level and gets the same.
TEST_P(ThrSetconcurrency, S18TellsEveryThreadTheSame)
{
    const int level = thr_getconcurrency();
    int seen[4] = {};
    std::vector<thread_t> ids;
    for (int& answer : seen) {
        ids.push_back(start([&answer] { answer = thr_getconcurrency(); }));
    }
    for (const thread_t id : ids) {
        join(id);
    }
    EXPECT_TRUE(std::all_of(std::begin(seen), std::end(seen),
                            [level](int answer) { return answer == level; }));
}

}  // namespace
}  // namespace conformance
