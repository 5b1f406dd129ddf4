// The Solaris additions to pthread.h and semaphore.h: relative waits, robust attributes by their
// older names, daemon attributes, keys made once.
#include <thread.h>

#include <gtest/gtest.h>
#include <pthread.h>
#include <semaphore.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "support/bounded.h"

namespace {

using namespace std::chrono_literals;

constexpr timespec kShort{0, 20'000'000};
constexpr timespec kLong{60, 0};
constexpr timespec kBad[] = {{-1, 0}, {0, -1}, {0, 1'000'000'000}};

std::chrono::nanoseconds monotonic_now()
{
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return std::chrono::seconds{now.tv_sec} + std::chrono::nanoseconds{now.tv_nsec};
}

void* call(void* body)
{
    (*static_cast<std::function<void()>*>(body))();
    return nullptr;
}

// The parameter is the flag that threads are made with.
class PthreadNp : public testing::TestWithParam<long> {
  protected:
    thread_t start(std::function<void()> body)
    {
        bodies_.push_back(std::make_unique<std::function<void()>>(std::move(body)));
        thread_t id = 0;
        EXPECT_EQ(thr_create(nullptr, 0, call, bodies_.back().get(), GetParam(), &id), 0);
        return id;
    }

    static void join(thread_t id) { EXPECT_EQ(thr_join(id, nullptr, nullptr), 0); }

    // What function() returns in another thread.
    template <class Function>
    int elsewhere(Function function)
    {
        int result = -1;
        join(start([&] { result = function(); }));
        return result;
    }

    // Checks a wait that fails after kShort with `error`, and does not look at the clock before.
    template <class Function>
    void expect_times_out(Function wait, int error = ETIMEDOUT)
    {
        const auto before = monotonic_now();
        EXPECT_EQ(wait(kShort), error);
        EXPECT_GE(monotonic_now() - before, 20ms);
    }

  private:
    std::vector<std::unique_ptr<std::function<void()>>> bodies_;
};
INSTANTIATE_TEST_SUITE_P(, PthreadNp, testing::Values(0L, long{THR_BOUND}));

TEST_P(PthreadNp, MutexIsWaitedForNoLongerThanAsked)
{
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    EXPECT_EQ(pthread_mutex_reltimedlock_np(&mutex, &kBad[0]), 0) << "it was free";
    expect_times_out([&](const timespec& time) {
        return elsewhere([&] { return pthread_mutex_reltimedlock_np(&mutex, &time); });
    });
    for (const timespec& bad : kBad) {
        EXPECT_EQ(elsewhere([&] { return pthread_mutex_reltimedlock_np(&mutex, &bad); }), EINVAL);
    }
    EXPECT_EQ(pthread_mutex_unlock(&mutex), 0);
    EXPECT_EQ(pthread_mutex_reltimedlock_np(&mutex, &kLong), 0);
    EXPECT_EQ(pthread_mutex_unlock(&mutex), 0);
}

TEST_P(PthreadNp, RwlockIsWaitedForNoLongerThanAsked)
{
    pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
    EXPECT_EQ(pthread_rwlock_reltimedrdlock_np(&lock, &kShort), 0);
    expect_times_out([&](const timespec& time) {
        return elsewhere([&] { return pthread_rwlock_reltimedwrlock_np(&lock, &time); });
    });
    EXPECT_EQ(pthread_rwlock_unlock(&lock), 0);
    EXPECT_EQ(pthread_rwlock_reltimedwrlock_np(&lock, &kShort), 0);
    expect_times_out([&](const timespec& time) {
        return elsewhere([&] { return pthread_rwlock_reltimedrdlock_np(&lock, &time); });
    });
    EXPECT_EQ(elsewhere([&] { return pthread_rwlock_reltimedrdlock_np(&lock, &kBad[1]); }), EINVAL);
    EXPECT_EQ(pthread_rwlock_unlock(&lock), 0);
}

TEST_P(PthreadNp, ConditionIsWaitedForNoLongerThanAsked)
{
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
    ASSERT_EQ(pthread_mutex_lock(&mutex), 0);
    expect_times_out(
        [&](const timespec& time) { return pthread_cond_reltimedwait_np(&cond, &mutex, &time); });
    for (const timespec& bad : kBad) {
        EXPECT_EQ(pthread_cond_reltimedwait_np(&cond, &mutex, &bad), EINVAL);
    }
    bool told = false;
    const thread_t teller = start([&] {
        EXPECT_EQ(pthread_mutex_lock(&mutex), 0);
        told = true;
        EXPECT_EQ(pthread_cond_signal(&cond), 0);
        EXPECT_EQ(pthread_mutex_unlock(&mutex), 0);
    });
    while (!told) {
        ASSERT_EQ(pthread_cond_reltimedwait_np(&cond, &mutex, &kLong), 0);
    }
    EXPECT_EQ(pthread_mutex_unlock(&mutex), 0);
    join(teller);
}

TEST_P(PthreadNp, SemaphoreIsWaitedForNoLongerThanAsked)
{
    sem_t sem;
    ASSERT_EQ(sem_init(&sem, 0, 2), 0);
    EXPECT_EQ(sem_reltimedwait_np(&sem, &kShort), 0);
    EXPECT_EQ(sem_reltimedwait_np(&sem, &kBad[0]), 0) << "its count was 1";
    expect_times_out(
        [&](const timespec& time) { return sem_reltimedwait_np(&sem, &time) == -1 ? errno : 0; });
    for (const timespec& bad : kBad) {
        errno = 0;
        EXPECT_EQ(sem_reltimedwait_np(&sem, &bad), -1);
        EXPECT_EQ(errno, EINVAL);
    }
    sem_destroy(&sem);
}

// A wait on one of glibc's objects holds the LWP; the pool goes on with another.
TEST_P(PthreadNp, WaitersDoNotStopTheOthers)
{
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    ASSERT_EQ(pthread_mutex_lock(&mutex), 0);
    std::atomic<int> arrived{0};
    std::vector<thread_t> waiters;
    for (int i = 0; i < 3; ++i) {
        waiters.push_back(start([&] {
            ++arrived;
            EXPECT_EQ(pthread_mutex_reltimedlock_np(&mutex, &kLong), 0);
            EXPECT_EQ(pthread_mutex_unlock(&mutex), 0);
        }));
    }
    EXPECT_TRUE(bounded::until([&] { return arrived == 3; }));
    int ran = 0;
    join(start([&] { ran = 1; }));
    EXPECT_EQ(ran, 1);
    EXPECT_EQ(pthread_mutex_unlock(&mutex), 0);
    for (const thread_t id : waiters) {
        join(id);
    }
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
TEST_P(PthreadNp, RobustMutexesByTheirOlderNames)
{
    pthread_mutexattr_t attributes;
    ASSERT_EQ(pthread_mutexattr_init(&attributes), 0);
    int robust = -1;
    EXPECT_EQ(pthread_mutexattr_getrobust_np(&attributes, &robust), 0);
    EXPECT_EQ(robust, PTHREAD_MUTEX_STALL_NP);
    EXPECT_EQ(pthread_mutexattr_setrobust_np(&attributes, PTHREAD_MUTEX_ROBUST_NP), 0);
    EXPECT_EQ(pthread_mutexattr_getrobust_np(&attributes, &robust), 0);
    EXPECT_EQ(robust, PTHREAD_MUTEX_ROBUST_NP);
    EXPECT_EQ(pthread_mutexattr_setrobust_np(&attributes, 77), EINVAL);
    pthread_mutex_t mutex;
    ASSERT_EQ(pthread_mutex_init(&mutex, &attributes), 0);
    EXPECT_EQ(elsewhere([&] { return pthread_mutex_lock(&mutex); }), 0);
    EXPECT_EQ(pthread_mutex_reltimedlock_np(&mutex, &kLong), EOWNERDEAD);
    EXPECT_EQ(pthread_mutex_consistent_np(&mutex), 0);
    EXPECT_EQ(pthread_mutex_unlock(&mutex), 0);
    EXPECT_EQ(pthread_mutex_lock(&mutex), 0);
    EXPECT_EQ(pthread_mutex_unlock(&mutex), 0);
}
#pragma GCC diagnostic pop

TEST_P(PthreadNp, KeyIsMadeOnce)
{
    static pthread_key_t key;
    key = PTHREAD_ONCE_KEY_NP;
    std::array<pthread_key_t, 4> seen{};
    std::vector<thread_t> threads;
    for (pthread_key_t& mine : seen) {
        threads.push_back(start([&mine] {
            EXPECT_EQ(pthread_key_create_once_np(&key, nullptr), 0);
            mine = key;
            EXPECT_EQ(pthread_setspecific(key, &mine), 0);
            EXPECT_EQ(pthread_getspecific(key), &mine);
        }));
    }
    for (const thread_t id : threads) {
        join(id);
    }
    for (const pthread_key_t mine : seen) {
        EXPECT_EQ(mine, key);
    }
    EXPECT_NE(key, PTHREAD_ONCE_KEY_NP);
    EXPECT_EQ(pthread_key_delete(key), 0);
}

TEST_P(PthreadNp, DaemonStateIsAnAttribute)
{
    pthread_attr_t attributes;
    ASSERT_EQ(pthread_attr_init(&attributes), 0);
    int state = -1;
    EXPECT_EQ(pthread_attr_getdaemonstate_np(&attributes, &state), 0);
    EXPECT_EQ(state, PTHREAD_CREATE_NONDAEMON_NP);
    EXPECT_EQ(pthread_attr_setdaemonstate_np(&attributes, PTHREAD_CREATE_DAEMON_NP), 0);
    EXPECT_EQ(pthread_attr_getdaemonstate_np(&attributes, &state), 0);
    EXPECT_EQ(state, PTHREAD_CREATE_DAEMON_NP);
    EXPECT_EQ(pthread_attr_setdaemonstate_np(&attributes, 1), EINVAL);
    EXPECT_EQ(pthread_attr_getdetachstate(&attributes, &state), 0);
    EXPECT_EQ(state, PTHREAD_CREATE_JOINABLE) << "another attribute";
    EXPECT_EQ(pthread_attr_setdaemonstate_np(&attributes, PTHREAD_CREATE_NONDAEMON_NP), 0);
    EXPECT_EQ(pthread_attr_getdaemonstate_np(&attributes, &state), 0);
    EXPECT_EQ(state, PTHREAD_CREATE_NONDAEMON_NP);
    pthread_attr_destroy(&attributes);
}

// Ends the initial thread while a pthread goes on, which ends the process with 7 a little later; if
// it is a daemon, only when the process should have ended long ago.
[[noreturn]] void leave_behind(int daemon_state)
{
    static sema_t ready;
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setdaemonstate_np(&attributes, daemon_state);
    pthread_t thread{};
    const auto body = [](void* is_daemon) -> void* {
        sema_post(&ready);
        usleep(is_daemon != nullptr ? 20'000'000 : 100'000);
        _exit(7);
    };
    void* const is_daemon = daemon_state == PTHREAD_CREATE_DAEMON_NP ? &ready : nullptr;
    if (pthread_create(&thread, &attributes, body, is_daemon) != 0) {
        _exit(1);
    }
    sema_wait(&ready);
    thr_exit(nullptr);
}

int status_after(int daemon_state)
{
    const pid_t child = fork();
    if (child == 0) {
        const std::string argument = std::to_string(daemon_state);
        execl("/proc/self/exe", "pthread_np_test", argument.c_str(), nullptr);
        _exit(2);
    }
    int status = -1;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(PthreadNpFork, DaemonsDoNotKeepTheProcess)
{
    EXPECT_EQ(status_after(PTHREAD_CREATE_DAEMON_NP), 0);
    EXPECT_EQ(status_after(PTHREAD_CREATE_NONDAEMON_NP), 7);
}

}  // namespace

int main(int argc, char** argv)
{
    if (argc == 2 && argv[1][0] != '-') {
        leave_behind(std::stoi(argv[1]));
    }
    testing::InitGoogleTest(&argc, argv);
    return RUN_ALL_TESTS();
}
