// setpriority and nice: one nice value for the process, whichever LWP carries the caller.
#include <synch.h>
#include <thread.h>

#include <dirent.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>

#include "support/bounded.h"
#include "unit/thread/children.h"

namespace {

// In a child, whose priority nobody misses.
int outcome_of(int (*body)())
{
    constexpr unsigned kPatienceSeconds = 170;
    const pid_t pid = fork();
    if (pid == 0) {
        alarm(kPatienceSeconds);
        _exit(body());
    }
    return children::end_of(pid);
}

// Whether all kernel tasks have the value. One that has ended may be listed for a moment.
bool all_have(int value)
{
    bool all = true;
    DIR* directory = opendir("/proc/self/task");
    while (const dirent* entry = readdir(directory)) {
        if (entry->d_name[0] != '.') {
            errno = 0;
            const int own = getpriority(PRIO_PROCESS, static_cast<id_t>(std::atoi(entry->d_name)));
            all = all && (own == value || errno == ESRCH);
        }
    }
    closedir(directory);
    return all;
}

// The same. A task of a thread that was joined may be there for a moment, with its old value.
bool all_come_to_have(int value)
{
    return bounded::until([value] { return all_have(value); });
}

sema_t never;
std::atomic<int> started{0};

void* sleep_long(void*)
{
    ++started;
    while (sema_wait(&never) != 0) {}
    return nullptr;
}

// Threads of every kind, on several LWPs. One more than before of each kind.
bool make_threads(int level)
{
    const int expected = started + 3;
    pthread_t stranger{};
    thr_setconcurrency(level);
    return thr_create(nullptr, 0, sleep_long, nullptr, 0, nullptr) == 0 &&
           thr_create(nullptr, 0, sleep_long, nullptr, THR_BOUND, nullptr) == 0 &&
           pthread_create(&stranger, nullptr, sleep_long, nullptr) == 0 &&
           bounded::until([expected] { return started == expected; });
}

// Runs `body` in a thread made with `flags` and returns what it returns.
int call_in_thread(int (*body)(), long flags)
{
    thread_t id = 0;
    void* status = nullptr;
    const auto call = [](void* argument) -> void* {
        return reinterpret_cast<void*>(static_cast<long>(reinterpret_cast<int (*)()>(argument)()));
    };
    if (thr_create(nullptr, 0, call, reinterpret_cast<void*>(body), flags, &id) != 0 ||
        thr_join(id, nullptr, &status) != 0) {
        return -1;
    }
    return static_cast<int>(reinterpret_cast<long>(status));
}

// What a child starts with; the tests go up from there, which anybody may.
int at_first;
constexpr int kNicest = 19;

int set_one_more()
{
    return setpriority(PRIO_PROCESS, 0, at_first + 1);
}

int set_two_more_by_id()
{
    return setpriority(PRIO_PROCESS, static_cast<id_t>(getpid()), at_first + 2);
}

int be_nicer()
{
    return nice(2);
}

int change_all()
{
    if (!make_threads(3) || !all_come_to_have(at_first)) {
        return 1;
    }
    if (call_in_thread(set_one_more, 0) != 0 || !all_come_to_have(at_first + 1)) {
        return 2;
    }
    // Those that come later have it too.
    if (!make_threads(5) || !all_come_to_have(at_first + 1)) {
        return 3;
    }
    if (call_in_thread(set_two_more_by_id, THR_BOUND) != 0 || !all_come_to_have(at_first + 2)) {
        return 4;
    }
    const int now = at_first + 4;
    if (call_in_thread(be_nicer, 0) != now || !all_come_to_have(now) || nice(0) != now) {
        return 5;
    }
    if (nice(1000) != kNicest || !all_come_to_have(kNicest)) {
        return 6;
    }
    return 0;
}

class Nice : public ::testing::Test {
  protected:
    void SetUp() override
    {
        at_first = getpriority(PRIO_PROCESS, 0);
        if (at_first > kNicest - 4) {
            GTEST_SKIP() << "the caller is too nice to become nicer four times";
        }
    }
};

TEST_F(Nice, IsOfTheProcess)
{
    EXPECT_EQ(outcome_of(change_all), 0);
}

void* set_own(void*)
{
    const int result = setpriority(PRIO_PROCESS, 0, at_first + 3);
    return reinterpret_cast<void*>(
        static_cast<long>(result == 0 ? getpriority(PRIO_PROCESS, 0) : -1));
}

int change_stranger()
{
    pthread_t stranger{};
    void* own = nullptr;
    if (!make_threads(2) || pthread_create(&stranger, nullptr, set_own, nullptr) != 0 ||
        pthread_join(stranger, &own) != 0) {
        return 1;
    }
    return own == reinterpret_cast<void*>(at_first + 3L) && all_come_to_have(at_first) ? 0 : 2;
}

// Libraries change the priority of pthreads of their own so.
TEST_F(Nice, IsATasksOwnForAPthreadThatNamesNobody)
{
    EXPECT_EQ(outcome_of(change_stranger), 0);
}

int try_wrong_ones()
{
    constexpr int kNoKind = 77;
    return setpriority(PRIO_PROCESS, 0x7ffffff0, 1) == -1 && errno == ESRCH &&
                   setpriority(kNoKind, 0, 1) == -1 && errno == EINVAL
               ? 0
               : 1;
}

TEST(NiceRefusals, FailsAsTheKernelDoes)
{
    EXPECT_EQ(try_wrong_ones(), 0);
}

}  // namespace
