// What ThreadSanitizer says of a program that uses the library: nothing where an object of the
// library orders what two threads do to a variable, and a data race where none does.
//
// Each scenario is a process of its own. The order in time is made by a counter that orders nothing
// else, so that a race is there in every run, and is none by chance in no run.
#include <synch.h>
#include <thread.h>

#include <gtest/gtest.h>
#include <pthread.h>

#include <atomic>
#include <cstdlib>
#include <iterator>
#include <string>

#include "support/child.h"

namespace {

int shared = 0;  // what it is about
std::atomic<int> steps{0};

void step()
{
    steps.fetch_add(1, std::memory_order_relaxed);  // relaxed: orders nothing, see above
}

void await_step(int number)
{
    while (steps.load(std::memory_order_relaxed) < number) {  // relaxed: as in step()
        thr_yield();
    }
}

void must(int error)
{
    if (error != 0) {
        std::abort();
    }
}

thread_t create(void* (*body)(void*), void* argument = nullptr, long flags = 0)
{
    thread_t id = 0;
    must(thr_create(nullptr, 0, body, argument, flags, &id));
    return id;
}

void join(thread_t id)
{
    must(thr_join(id, nullptr, nullptr));
}

struct Pair {
    void (*first)();
    void (*second)();
};

void* be_first(void* pair)
{
    await_step(1);
    static_cast<Pair*>(pair)->first();
    step();
    return nullptr;
}

void* be_second(void* pair)
{
    step();
    await_step(2);
    static_cast<Pair*>(pair)->second();
    return nullptr;
}

// Two threads, of which the second acts when the first has.
void one_after_the_other(void (*first)(), void (*second)())
{
    Pair pair{first, second};
    const thread_t ids[] = {create(be_first, &pair), create(be_second, &pair)};
    join(ids[0]);
    join(ids[1]);
}

mutex_t mutexes[2];
rwlock_t rwlocks[2];
sema_t semas[2];
cond_t cond;

template <int kIndex>
void write_under_mutex()
{
    must(mutex_lock(&mutexes[kIndex]));
    ++shared;
    must(mutex_unlock(&mutexes[kIndex]));
}

void write_behind_mutex()
{
    must(mutex_lock(&mutexes[0]));
    must(mutex_unlock(&mutexes[0]));
    ++shared;
}

template <int kType>
void in_order_by_mutex()
{
    must(mutex_init(&mutexes[0], kType, nullptr));
    one_after_the_other(write_under_mutex<0>, write_under_mutex<0>);
}

template <int kIndex>
void write_under_rwlock()
{
    must(rw_wrlock(&rwlocks[kIndex]));
    ++shared;
    must(rw_unlock(&rwlocks[kIndex]));
}

void read_under_rwlock()
{
    must(rw_rdlock(&rwlocks[0]));
    must(shared < 0 ? 1 : 0);
    must(rw_unlock(&rwlocks[0]));
}

void write_and_post()
{
    ++shared;
    must(sema_post(&semas[0]));
}

template <int kIndex>
void wait_and_write()
{
    must(sema_wait(&semas[kIndex]));
    ++shared;
}

constexpr int kCrowd = 4;
constexpr int kTurns = 500;

// They meet in the slow paths.
void* count(void*)
{
    for (int i = 0; i < kTurns; ++i) {
        must(mutex_lock(&mutexes[0]));
        ++shared;
        thr_yield();
        must(mutex_unlock(&mutexes[0]));
    }
    return nullptr;
}

void* count_in_turns(void* number)
{
    for (int i = 0; i < kTurns; ++i) {
        must(mutex_lock(&mutexes[0]));
        while (shared % kCrowd != *static_cast<int*>(number)) {
            must(cond_wait(&cond, &mutexes[0]));
        }
        ++shared;
        must(cond_broadcast(&cond));
        must(mutex_unlock(&mutexes[0]));
    }
    return nullptr;
}

void* read_and_count(void*)
{
    for (int i = 0; i < kTurns; ++i) {
        read_under_rwlock();
        write_under_rwlock<0>();
    }
    return nullptr;
}

template <void* (*kBody)(void*)>
void crowd()
{
    int numbers[kCrowd];
    thread_t ids[kCrowd];
    for (int i = 0; i < kCrowd; ++i) {
        numbers[i] = i;
        ids[i] = create(kBody, &numbers[i]);
    }
    for (const thread_t id : ids) {
        join(id);
    }
    must(shared == kCrowd * kTurns ? 0 : 1);
}

void* write(void*)
{
    ++shared;
    step();
    return nullptr;
}

void join_a_pthread()
{
    std::atomic<thread_t> id{0};
    pthread_t handle{};
    must(pthread_create(
        &handle, nullptr,
        [](void* place) -> void* {
            ++shared;
            // relaxed: as in step()
            static_cast<std::atomic<thread_t>*>(place)->store(thr_self(),
                                                              std::memory_order_relaxed);
            step();
            return nullptr;
        },
        &id));
    await_step(1);
    join(id.load(std::memory_order_relaxed));  // relaxed: as in step()
    ++shared;
}

void write_at_the_end_of_a_thread()
{
    thread_key_t key = 0;
    must(thr_keycreate(&key, [](void*) { ++shared; }));
    join(create(
        [](void* argument) -> void* {
            must(thr_setspecific(*static_cast<thread_key_t*>(argument), argument));
            return nullptr;
        },
        &key));
    ++shared;
}

std::atomic<bool> stop{false};

void* compute(void*)
{
    while (!stop.load(std::memory_order_relaxed)) {  // relaxed: as in step()
        ++shared;
        step();
    }
    return nullptr;
}

void write_while_suspended()
{
    const thread_t id = create(compute);
    for (int round = 1; round <= 20; ++round) {
        await_step(round);
        must(thr_suspend(id));
        ++shared;
        must(thr_continue(id));
    }
    stop.store(true, std::memory_order_relaxed);  // relaxed: as in step()
    join(id);
}

struct Scenario {
    const char* name;
    bool races;
    void (*run)();
};

const Scenario kScenarios[] = {
    {"Mutex", false, in_order_by_mutex<USYNC_THREAD>},
    {"RecursiveMutex", false, in_order_by_mutex<USYNC_THREAD | LOCK_RECURSIVE>},
    {"CheckedMutex", false, in_order_by_mutex<USYNC_THREAD | LOCK_ERRORCHECK>},
    {"InheritingMutex", false, in_order_by_mutex<USYNC_THREAD | LOCK_PRIO_INHERIT>},
    {"RobustMutex", false, in_order_by_mutex<USYNC_THREAD | LOCK_ROBUST>},
    {"SharedMutex", false, in_order_by_mutex<USYNC_PROCESS>},
    {"SharedRobustMutex", false, in_order_by_mutex<USYNC_PROCESS | LOCK_ROBUST>},
    {"CrowdAtAMutex", false, crowd<count>},
    {"CrowdAtACondition", false, crowd<count_in_turns>},
    {"Writers", false, [] { one_after_the_other(write_under_rwlock<0>, write_under_rwlock<0>); }},
    {"ReaderBehindWriter", false,
     [] { one_after_the_other(write_under_rwlock<0>, read_under_rwlock); }},
    {"WriterBehindReader", false,
     [] { one_after_the_other(read_under_rwlock, write_under_rwlock<0>); }},
    {"CrowdOfReadersAndWriters", false, crowd<read_and_count>},
    {"Semaphore", false, [] { one_after_the_other(write_and_post, wait_and_write<0>); }},
    {"Creation", false,
     [] {
         ++shared;
         join(create(write));
     }},
    {"Join", false,
     [] {
         join(create(write));
         ++shared;
     }},
    {"JoinOfAny", false,
     [] {
         create(write);
         join(0);
         ++shared;
     }},
    {"JoinOfAPthread", false, join_a_pthread},
    {"DestructorsOfKeys", false, write_at_the_end_of_a_thread},
    {"Suspension", false, write_while_suspended},

    {"TwoMutexes", true, [] { one_after_the_other(write_under_mutex<0>, write_under_mutex<1>); }},
    {"BehindAMutex", true, [] { one_after_the_other(write_behind_mutex, write_behind_mutex); }},
    {"TwoRwlocks", true, [] { one_after_the_other(write_under_rwlock<0>, write_under_rwlock<1>); }},
    {"TwoSemaphores", true,
     [] {
         must(sema_post(&semas[1]));
         one_after_the_other(write_and_post, wait_and_write<1>);
     }},
    {"AfterCreation", true,
     [] {
         const thread_t id = create(write);
         await_step(1);
         ++shared;
         join(id);
     }},
    {"InsteadOfAJoin", true,
     [] {
         create(write, nullptr, THR_DETACHED);
         await_step(1);
         ++shared;
     }},
};

const child::Program program{"scenario", [] {
                                 kScenarios[child::argument()].run();
                                 return 0;
                             }};

class RaceReports : public testing::TestWithParam<int> {};

TEST_P(RaceReports, AreMadeOfRacesOnly)
{
    constexpr int kReported = 66;
    const Scenario& scenario = kScenarios[GetParam()];
    const child::Outcome outcome = child::run(program, {{"TSAN_OPTIONS=exitcode=66"}, GetParam()});
    if (!scenario.races) {
        EXPECT_EQ(outcome.exit_status, 0) << outcome.describe();
        EXPECT_EQ(outcome.output, "");
        return;
    }
    EXPECT_EQ(outcome.exit_status, kReported) << outcome.describe();
    EXPECT_NE(outcome.output.find("data race"), std::string::npos) << outcome.output;
    EXPECT_NE(outcome.output.find("::shared'"), std::string::npos) << outcome.output;
    EXPECT_NE(outcome.output.find("reported 1 warnings"), std::string::npos) << outcome.output;
}

INSTANTIATE_TEST_SUITE_P(Scenarios, RaceReports,
                         testing::Range(0, static_cast<int>(std::size(kScenarios))),
                         [](const auto& index) { return kScenarios[index.param].name; });

}  // namespace
