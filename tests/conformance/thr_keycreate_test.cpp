// thr_keycreate(3C), thr_setspecific(3C), thr_getspecific(3C): thread-specific data.
#include <thread.h>

#include <pthread.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <vector>

#include "conformance/fixture.h"

namespace conformance {
namespace {

class ThrKeycreate : public ThreadTest {
  protected:
    static child::Outcome run(const child::Program& program)
    {
        return child::run(program, {.argument = binding()});
    }
};

INSTANTIATE_TEST_SUITE_P(Threads, ThrKeycreate, bindings(), binding_name);

constexpr thread_key_t kNeverCreated = 0x00100000;

thread_key_t make_key(void (*destructor)(void*) = nullptr)
{
    thread_key_t key = 0;
    EXPECT_EQ(thr_keycreate(&key, destructor), 0);
    return key;
}

void* get(thread_key_t key)
{
    void* value = as_pointer(1);
    EXPECT_EQ(thr_getspecific(key, &value), 0);
    return value;
}

// TSD-01: keys are distinct.
// TSD-02: none is 0.
TEST_P(ThrKeycreate, S01ReturnsDistinctKeysThatAreNotZero)
{
    std::vector<thread_key_t> keys;
    for (int i = 0; i < 10; ++i) {
        keys.push_back(make_key());
        EXPECT_NE(keys.back(), 0U);
    }
    std::sort(keys.begin(), keys.end());
    EXPECT_EQ(std::adjacent_find(keys.begin(), keys.end()), keys.end());
}

// TSD-03: a fresh key reads null in every thread there is.
TEST_P(ThrKeycreate, S03ReadsNullInEveryThread)
{
    latch::Latch all_here{4};
    latch::Gate made;
    thread_key_t key = 0;
    std::atomic<int> nulls{0};
    std::vector<thread_t> ids;
    for (int i = 0; i < 4; ++i) {
        ids.push_back(start([&] {
            all_here.arrive();
            made.wait();
            nulls.fetch_add(get(key) == nullptr ? 1 : 0);
        }));
    }
    ASSERT_TRUE(all_here.wait());
    key = make_key();
    made.open();
    EXPECT_EQ(get(key), nullptr);
    for (const thread_t id : ids) {
        join(id);
    }
    EXPECT_EQ(nulls.load(), 4);
}

// TSD-04: each thread has its own value, also while others set theirs.
TEST_P(ThrKeycreate, S04KeepsAValueForEachThread)
{
    const thread_key_t key = make_key();
    ASSERT_EQ(thr_setspecific(key, as_pointer(1000)), 0);
    latch::Latch all_set{5};
    std::atomic<int> right{0};
    std::vector<thread_t> ids;
    for (std::uintptr_t i = 0; i < 5; ++i) {
        ids.push_back(start([&, i] {
            EXPECT_EQ(thr_setspecific(key, as_pointer(i)), 0);
            EXPECT_TRUE(all_set.arrive_and_wait());
            thr_yield();
            right.fetch_add(get(key) == as_pointer(i) ? 1 : 0);
        }));
    }
    for (const thread_t id : ids) {
        join(id);
    }
    EXPECT_EQ(right.load(), 5);
    EXPECT_EQ(get(key), as_pointer(1000));
    EXPECT_EQ(thr_setspecific(key, nullptr), 0);
}

// TSD-05: key 0 cannot be read.
// TSD-06: key 0 cannot be set.
// TSD-07: a key far beyond those created cannot be set; nor can a lower one never created.
TEST_P(ThrKeycreate, S05RefusesKeysThatCannotBe)
{
    void* value = nullptr;
    EXPECT_EQ(thr_getspecific(0, &value), EINVAL);
    EXPECT_EQ(thr_setspecific(0, as_pointer(1)), EINVAL);
    EXPECT_EQ(thr_setspecific(kNeverCreated, as_pointer(1)), EINVAL);
    EXPECT_EQ(thr_setspecific(THR_ONCE_KEY, as_pointer(1)), EINVAL);
    EXPECT_EQ(thr_setspecific(900, as_pointer(1)), EINVAL);
}

// TSD-08: reading a key never created gives null, or EINVAL as older releases did.
TEST_P(ThrKeycreate, S08ReadsNullOrFailsForAKeyNeverCreated)
{
    void* value = nullptr;
    const int error = thr_getspecific(kNeverCreated, &value);
    EXPECT_TRUE(error == 0 || error == EINVAL) << error;
    EXPECT_EQ(value, nullptr);
}

std::vector<void*>* destroyed_values = nullptr;

void note_destroyed(void* value)
{
    destroyed_values->push_back(value);
}

// TSD-09: the destructor is called once, with the value.
// TSD-10: it is not called for a null value.
// TSD-11: a key without destructor does no harm.
TEST_P(ThrKeycreate, S09CallsDestructorsForValues)
{
    static const thread_key_t with_value = make_key(note_destroyed);
    static const thread_key_t with_null = make_key(note_destroyed);
    static const thread_key_t without_destructor = make_key();
    std::vector<void*> noted;
    destroyed_values = &noted;
    join(start([] {
        thr_setspecific(with_value, as_pointer(5));
        thr_setspecific(with_null, as_pointer(6));
        thr_setspecific(with_null, nullptr);
        thr_setspecific(without_destructor, as_pointer(7));
    }));
    EXPECT_EQ(noted, std::vector<void*>{as_pointer(5)});
}

thread_key_t self_reading_key = THR_ONCE_KEY;

void read_own_slot(void* /*value*/)
{
    destroyed_values->push_back(get(self_reading_key));
}

// TSD-12: in its destructor the slot reads null.
TEST_P(ThrKeycreate, S12ReadsNullInTheDestructor)
{
    ASSERT_EQ(thr_keycreate_once(&self_reading_key, read_own_slot), 0);
    std::vector<void*> noted;
    destroyed_values = &noted;
    join(start([] { thr_setspecific(self_reading_key, as_pointer(5)); }));
    EXPECT_EQ(noted, std::vector<void*>{nullptr});
}

thread_key_t counting_key = THR_ONCE_KEY;

// Binds the next lower number until zero.
void count_down(void* value)
{
    destroyed_values->push_back(value);
    thr_setspecific(counting_key, as_pointer(reinterpret_cast<std::uintptr_t>(value) - 1));
}

// TSD-13: destructors run again for values set by destructors, until none is left, more often than
// the four times that POSIX grants.
TEST_P(ThrKeycreate, S13RepeatsUntilNoValueIsLeft)
{
    ASSERT_EQ(thr_keycreate_once(&counting_key, count_down), 0);
    std::vector<void*> noted;
    destroyed_values = &noted;
    join(start([] { thr_setspecific(counting_key, as_pointer(20)); }));
    EXPECT_EQ(noted.size(), 20U);
    EXPECT_EQ(noted.empty() ? nullptr : noted.back(), as_pointer(1));
}

void say_destroyed(void* /*value*/)
{
    std::printf("destructor ran\n");
}

latch::Gate daemon_set;
latch::Gate opened_never;
thread_key_t process_key = THR_ONCE_KEY;

void* set_and_wait(void* /*argument*/)
{
    thr_setspecific(process_key, as_pointer(2));
    daemon_set.open();
    for (;;) {
        opened_never.wait(1000s);
    }
}

// TSD-14: no destructor runs when the process exits,
// TSD-15: neither that of main nor that of a daemon.
const child::Program exits_with_values{"exits_with_values", [] {
                                           thr_keycreate_once(&process_key, say_destroyed);
                                           thr_setspecific(process_key, as_pointer(1));
                                           thr_create(nullptr, 0, set_and_wait, nullptr,
                                                      child::argument() | THR_DAEMON, nullptr);
                                           return daemon_set.wait() ? 0 : 1;
                                       }};

TEST_P(ThrKeycreate, S14RunsNoDestructorsAtProcessExit)
{
    const child::Outcome outcome = run(exits_with_values);
    EXPECT_EQ(outcome.exit_status, 0) << outcome.describe();
    EXPECT_EQ(outcome.output, "");
}

// TSD-16: there are at least 1024 keys, all usable.
const child::Program makes_many_keys{"makes_many_keys", [] {
                                         std::vector<thread_key_t> keys(1024);
                                         std::uintptr_t number = 0;
                                         for (thread_key_t& key : keys) {
                                             if (thr_keycreate(&key, nullptr) != 0 ||
                                                 thr_setspecific(key, as_pointer(++number)) != 0) {
                                                 return 1;
                                             }
                                         }
                                         while (!keys.empty()) {
                                             if (get(keys.back()) != as_pointer(number--)) {
                                                 return 2;
                                             }
                                             keys.pop_back();
                                         }
                                         return 0;
                                     }};

TEST_P(ThrKeycreate, S16CreatesAThousandKeys)
{
    const child::Outcome outcome = run(makes_many_keys);
    EXPECT_EQ(outcome.exit_status, 0) << outcome.describe();
}

thread_key_t once_key = THR_ONCE_KEY;
std::atomic<int> once_destroyed{0};

void count_once_destroyed(void* /*value*/)
{
    once_destroyed.fetch_add(1);
}

// TSD-17: of 16 callers at once, thr_keycreate_once makes one key for all.
TEST_P(ThrKeycreate, S17MakesOneKeyForConcurrentCallers)
{
    constexpr std::size_t kCallers = 16;
    once_key = THR_ONCE_KEY;
    once_destroyed.store(0);
    latch::Latch all_here{kCallers};
    thread_key_t seen[kCallers] = {};
    std::vector<thread_t> ids;
    for (thread_key_t& mine : seen) {
        ids.push_back(start([&all_here, &mine] {
            EXPECT_TRUE(all_here.arrive_and_wait());
            EXPECT_EQ(thr_keycreate_once(&once_key, count_once_destroyed), 0);
            mine = once_key;
            EXPECT_EQ(thr_setspecific(once_key, &mine), 0);
        }));
    }
    for (const thread_t id : ids) {
        join(id);
    }
    EXPECT_NE(once_key, THR_ONCE_KEY);
    EXPECT_EQ(std::count(std::begin(seen), std::end(seen), once_key), std::ptrdiff_t{kCallers});
    EXPECT_EQ(once_destroyed.load(), int{kCallers});
}

// TSD-18: on a key made before it returns 0 and changes nothing.
TEST_P(ThrKeycreate, S18LeavesAKeyMadeBefore)
{
    thread_key_t key = THR_ONCE_KEY;
    ASSERT_EQ(thr_keycreate_once(&key, nullptr), 0);
    const thread_key_t made = key;
    ASSERT_EQ(thr_setspecific(key, as_pointer(3)), 0);
    EXPECT_EQ(thr_keycreate_once(&key, note_destroyed), 0);
    EXPECT_EQ(key, made);
    EXPECT_EQ(get(key), as_pointer(3));
    EXPECT_EQ(thr_setspecific(key, nullptr), 0);
}

// TSD-19: keys of pthread_key_create work with thr_setspecific and thr_getspecific, and the other
// way round.
TEST_P(ThrKeycreate, S19SharesKeysWithPthreads)
{
    pthread_key_t theirs = 0;
    ASSERT_EQ(pthread_key_create(&theirs, note_destroyed), 0);
    const thread_key_t ours = make_key(note_destroyed);
    std::vector<void*> noted;
    destroyed_values = &noted;
    void* seen[2] = {};
    join(start([&] {
        EXPECT_EQ(thr_setspecific(theirs, as_pointer(4)), 0);
        seen[0] = pthread_getspecific(theirs);
        EXPECT_EQ(pthread_setspecific(ours, as_pointer(5)), 0);
        seen[1] = get(ours);
    }));
    EXPECT_EQ(seen[0], as_pointer(4));
    EXPECT_EQ(seen[1], as_pointer(5));
    std::sort(noted.begin(), noted.end());
    EXPECT_EQ(noted, (std::vector<void*>{as_pointer(4), as_pointer(5)}));
    EXPECT_EQ(pthread_key_delete(theirs), 0);
}

// TSD-20: after pthread_key_delete the destructor is not called.
TEST_P(ThrKeycreate, S20CallsNoDestructorOfADeletedKey)
{
    const thread_key_t key = make_key(note_destroyed);
    std::vector<void*> noted;
    destroyed_values = &noted;
    latch::Gate set;
    latch::Gate deleted;
    const thread_t id = start([&] {
        thr_setspecific(key, as_pointer(6));
        set.open();
        deleted.wait();
    });
    ASSERT_TRUE(set.wait());
    EXPECT_EQ(pthread_key_delete(key), 0);
    deleted.open();
    join(id);
    EXPECT_TRUE(noted.empty());
}

}  // namespace
}  // namespace conformance
