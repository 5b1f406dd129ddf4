// thr_create(3C) and thr_setconcurrency(3C): THR_NEW_LWP, THR_BOUND and the number of LWPs.
#include <thread.h>

#include <cstdio>

#include "conformance/fixture.h"

namespace conformance {
namespace {

class ThrNewLwp : public ThreadTest {
  protected:
    static void expect_success(const child::Program& program)
    {
        const child::Outcome outcome =
            child::run(program, {.environment = {"LIBTHREAD_CONCURRENCY", "LIBTHREAD_GROWTH=fixed"},
                                 .argument = binding()});
        EXPECT_EQ(outcome.exit_status, 0) << outcome.describe();
    }
};

INSTANTIATE_TEST_SUITE_P(Threads, ThrNewLwp, bindings(), binding_name);

struct Spinner {
    std::atomic<bool> runs{false};
    std::atomic<bool> stop{false};
};

// Computes until told to stop: as long as it does, its LWP can do nothing else.
void* spin_until_told(void* argument)
{
    auto& spinner = *static_cast<Spinner*>(argument);
    spinner.runs.store(true);
    while (!spinner.stop.load()) {}
    return nullptr;
}

void* hand_back(void* argument)
{
    return argument;
}

// Whether there come to be so many kernel tasks, and no more.
bool has_tasks(int count)
{
    return bounded::until([count] { return kernel_task_count() == count; }) &&
           bounded::holds_for(100ms, [count] { return kernel_task_count() == count; });
}

// What the kernel tasks do while a thread made with `flags` computes.
struct Tasks {
    int before = 0;
    bool came = false;  // as many as expected
};

Tasks count_tasks_around(long flags, int expected)
{
    // The library's helpers come with the first threads, one of either kind.
    for (const long kind : {0L, static_cast<long>(THR_BOUND)}) {
        thread_t id = 0;
        thr_create(nullptr, 0, hand_back, nullptr, kind, &id);
        thr_join(id, nullptr, nullptr);
    }
    const bool settled = bounded::until([] { return platform::lwps_are_settled(); });
    Tasks tasks{kernel_task_count()};
    Spinner spinner;
    thread_t id = 0;
    if (thr_create(nullptr, 0, spin_until_told, &spinner, flags, &id) != 0) {
        return tasks;
    }
    const bool ran = bounded::until([&] { return spinner.runs.load(); });
    tasks.came = settled && ran && has_tasks(tasks.before + expected);
    std::printf("settled %d, ran %d, tasks %d before, %d during\n", settled ? 1 : 0, ran ? 1 : 0,
                tasks.before, kernel_task_count());
    spinner.stop.store(true);
    thr_join(id, nullptr, nullptr);
    return tasks;
}

// THR-CONC-08: THR_NEW_LWP raises the level by one,
// THR-CONC-09: and the end of the thread lowers it again.
const child::Program level_and_back{
    "level_and_back", [] {
        const int before = thr_getconcurrency();
        Spinner spinner;
        thread_t id = 0;
        thr_create(nullptr, 0, spin_until_told, &spinner, child::argument() | THR_NEW_LWP, &id);
        const int during = thr_getconcurrency();
        spinner.stop.store(true);
        thr_join(id, nullptr, nullptr);
        const int after = thr_getconcurrency();
        std::printf("level %d before, %d during, %d after\n", before, during, after);
        return during == before + 1 && after == before ? 0 : 1;
    }};

TEST_P(ThrNewLwp, S08RaisesTheLevelWhileTheThreadLives)
{
    expect_success(level_and_back);
}

// The number of LWPs does not depend on the parameter: each case gives its own flags.
class LwpCount : public testing::Test {
  protected:
    static void expect_success(const child::Program& program)
    {
        const child::Outcome outcome = child::run(
            program, {.environment = {"LIBTHREAD_CONCURRENCY", "LIBTHREAD_GROWTH=fixed"}});
        EXPECT_EQ(outcome.exit_status, 0) << outcome.describe();
    }
};

// THR-CONC-13: with an unbound thread THR_NEW_LWP adds one LWP to the pool.
const child::Program one_for_the_pool{
    "one_for_the_pool", [] { return count_tasks_around(THR_NEW_LWP, 1).came ? 0 : 1; }};

TEST_F(LwpCount, S13GrowsByOneForTheFlagNewLwp)
{
    if (is_bound_model()) {
        GTEST_SKIP() << "there is no pool: every thread has an LWP of its own";
    }
    expect_success(one_for_the_pool);
}

// THR-CONC-14: a bound thread has one LWP, which ends with it.
const child::Program one_of_its_own{"one_of_its_own", [] {
                                        const Tasks tasks = count_tasks_around(THR_BOUND, 1);
                                        const bool went = has_tasks(tasks.before);
                                        std::printf("%d tasks after\n", kernel_task_count());
                                        return tasks.came && went ? 0 : 1;
                                    }};

TEST_F(LwpCount, S14GrowsByOneWhileABoundThreadLives)
{
    expect_success(one_of_its_own);
}

// THR-CONC-15: THR_BOUND with THR_NEW_LWP adds two, one of them for the pool.
const child::Program one_each{
    "one_each", [] { return count_tasks_around(THR_BOUND | THR_NEW_LWP, 2).came ? 0 : 1; }};

TEST_F(LwpCount, S15GrowsByTwoForBothFlags)
{
    if (is_bound_model()) {
        GTEST_SKIP() << "there is no pool: every thread has an LWP of its own";
    }
    expect_success(one_each);
}

constexpr int kMeeting = 8;
std::atomic<int> arrived{0};
std::atomic<int> most_tasks{0};  // seen by those who met

// Waits without a call for all others, so that each needs an LWP.
void* meet_on_lwps(void* argument)
{
    const int tasks = kernel_task_count();
    int most = most_tasks.load();
    while (most < tasks && !most_tasks.compare_exchange_weak(most, tasks)) {}
    arrived.fetch_add(1);
    while (arrived.load() % kMeeting != 0) {}
    return argument;
}

// Lets threads meet that bring their LWPs; whether all came and went.
bool meet_on_new_lwps()
{
    for (int i = 0; i < kMeeting; ++i) {
        thr_create(nullptr, 0, meet_on_lwps, nullptr, THR_NEW_LWP, nullptr);
    }
    int done = 0;
    while (thr_join(0, nullptr, nullptr) == 0) {
        ++done;
    }
    return done == kMeeting;
}

// Uses a pool of many LWPs, waits until it has shrunk, and uses it again.
int shrink_and_work()
{
    const bool first = meet_on_new_lwps();
    const int many = most_tasks.load();
    const bool fell = bounded::until([many] { return kernel_task_count() <= many - kMeeting / 2; });
    const int few = kernel_task_count();
    const bool second = meet_on_new_lwps();
    std::printf("worked %d and %d, tasks %d, then %d\n", first ? 1 : 0, second ? 1 : 0, many, few);
    return first && fell && second ? 0 : 1;
}

const child::Program shrinks{"shrinks", shrink_and_work};

// THR-CONC-17: LWPs that stay idle retire, here after a shorter time than minutes, and the pool
// works as before.
TEST_F(LwpCount, S17FallsWhenLwpsStayIdle)
{
    if (is_bound_model()) {
        GTEST_SKIP() << "there is no pool: every thread has an LWP of its own";
    }
    // Not with a migration at every resume: the thread that waits here would keep each LWP busy.
    const child::Outcome outcome =
        child::run(shrinks, {.environment = {"LIBTHREAD_CONCURRENCY", "LIBTHREAD_MIGRATE",
                                             "LIBTHREAD_RETIRE_MS=1000"}});
    EXPECT_EQ(outcome.exit_status, 0) << outcome.describe();
}

}  // namespace
}  // namespace conformance
