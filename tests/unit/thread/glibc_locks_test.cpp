// glibc's and C++'s own synchronisation among unbound threads: owners are told apart on one LWP and
// known again on another, and threads that wait hold their LWP while the pool goes on.
#include <synch.h>
#include <thread.h>

#include <gtest/gtest.h>
#include <pthread.h>
#include <semaphore.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <functional>
#include <future>
#include <mutex>
#include <thread>
#include <vector>

#include "support/bounded.h"
#include "support/insight.h"

namespace {

constexpr int kThreads = 6;
constexpr int kRounds = 60;

// Runs body(index) in unbound threads and waits for them.
void in_threads(int count, const std::function<void(int)>& body)
{
    struct Job {
        const std::function<void(int)>* body;
        int index;
    };
    std::vector<Job> jobs;
    std::vector<thread_t> ids(static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i) {
        jobs.push_back({&body, i});
    }
    for (std::size_t i = 0; i < ids.size(); ++i) {
        ASSERT_EQ(thr_create(
                      nullptr, 0,
                      [](void* argument) -> void* {
                          auto& job = *static_cast<Job*>(argument);
                          (*job.body)(job.index);
                          return nullptr;
                      },
                      &jobs[i], 0, &ids[i]),
                  0);
    }
    for (const thread_t id : ids) {
        ASSERT_EQ(thr_join(id, nullptr, nullptr), 0);
    }
}

class Mutex {
  public:
    explicit Mutex(int type, int protocol = PTHREAD_PRIO_NONE,
                   int robustness = PTHREAD_MUTEX_STALLED)
    {
        pthread_mutexattr_t attributes;
        pthread_mutexattr_init(&attributes);
        EXPECT_EQ(pthread_mutexattr_settype(&attributes, type), 0);
        EXPECT_EQ(pthread_mutexattr_setprotocol(&attributes, protocol), 0);
        EXPECT_EQ(pthread_mutexattr_setrobust(&attributes, robustness), 0);
        EXPECT_EQ(pthread_mutex_init(&mutex_, &attributes), 0);
        pthread_mutexattr_destroy(&attributes);
    }
    ~Mutex() { EXPECT_EQ(pthread_mutex_destroy(&mutex_), 0); }
    Mutex(const Mutex&) = delete;
    Mutex& operator=(const Mutex&) = delete;
    operator pthread_mutex_t*() { return &mutex_; }

  private:
    pthread_mutex_t mutex_{};
};

// Held over switches, by which the holder may come to another LWP.
void count_under(pthread_mutex_t* mutex)
{
    int count = 0;
    in_threads(kThreads, [&](int) {
        for (int i = 0; i < kRounds; ++i) {
            ASSERT_EQ(pthread_mutex_lock(mutex), 0);
            const int seen = count;
            if (i % 8 == 0) {
                thr_yield();
            }
            count = seen + 1;
            ASSERT_EQ(pthread_mutex_unlock(mutex), 0);
        }
    });
    EXPECT_EQ(count, kThreads * kRounds);
}

TEST(GlibcMutex, OfEachTypeExcludes)
{
    for (const int type : {PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_RECURSIVE, PTHREAD_MUTEX_ERRORCHECK,
                           PTHREAD_MUTEX_ADAPTIVE_NP}) {
        Mutex mutex{type};
        count_under(mutex);
    }
}

TEST(GlibcMutex, WithPriorityInheritanceExcludes)
{
    for (const int type : {PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_RECURSIVE}) {
        Mutex mutex{type, PTHREAD_PRIO_INHERIT};
        count_under(mutex);
        Mutex robust{type, PTHREAD_PRIO_INHERIT, PTHREAD_MUTEX_ROBUST};
        count_under(robust);
    }
}

// Where every thread is bound this takes the privilege to raise one's priority.
TEST(GlibcMutex, WithACeilingExcludes)
{
    bool two_levels = false;
    in_threads(1, [&](int) { two_levels = insight::is_two_level(); });
    if (two_levels) {
        Mutex mutex{PTHREAD_MUTEX_NORMAL, PTHREAD_PRIO_PROTECT};
        count_under(mutex);
    }
}

TEST(GlibcMutex, ThatIsRobustExcludesAndTellsOfItsOwnersEnd)
{
    Mutex mutex{PTHREAD_MUTEX_NORMAL, PTHREAD_PRIO_NONE, PTHREAD_MUTEX_ROBUST};
    count_under(mutex);
    for (int i = 0; i < 20; ++i) {
        in_threads(1, [&](int) {
            EXPECT_EQ(pthread_mutex_lock(mutex), 0);
            thr_yield();
        });
        in_threads(1, [&](int) {
            EXPECT_EQ(pthread_mutex_lock(mutex), EOWNERDEAD);
            EXPECT_EQ(pthread_mutex_consistent(mutex), 0);
            EXPECT_EQ(pthread_mutex_unlock(mutex), 0);
        });
    }
}

TEST(GlibcMutex, KnowsItsOwnerOnWhateverLwp)
{
    Mutex checked{PTHREAD_MUTEX_ERRORCHECK};
    Mutex recursive{PTHREAD_MUTEX_RECURSIVE};
    std::atomic<bool> held{false};
    std::atomic<bool> looked{false};
    in_threads(2, [&](int index) {
        if (index == 0) {
            EXPECT_EQ(pthread_mutex_lock(checked), 0);
            EXPECT_EQ(pthread_mutex_lock(recursive), 0);
            held = true;
            EXPECT_TRUE(bounded::until([&] { return looked.load(); }));
            EXPECT_EQ(pthread_mutex_lock(checked), EDEADLK);
            EXPECT_EQ(pthread_mutex_lock(recursive), 0);
            EXPECT_EQ(pthread_mutex_unlock(recursive), 0);
            EXPECT_EQ(pthread_mutex_unlock(recursive), 0);
            EXPECT_EQ(pthread_mutex_unlock(checked), 0);
        } else {
            EXPECT_TRUE(bounded::until([&] { return held.load(); }));
            EXPECT_EQ(pthread_mutex_trylock(checked), EBUSY);
            EXPECT_EQ(pthread_mutex_trylock(recursive), EBUSY);
            EXPECT_EQ(pthread_mutex_unlock(checked), EPERM);
            EXPECT_EQ(pthread_mutex_unlock(recursive), EPERM);
            looked = true;
        }
    });
}

TEST(GlibcCond, HandsATurnAround)
{
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
    int turn = 0;
    in_threads(kThreads, [&](int index) {
        for (int round = 0; round < 20; ++round) {
            pthread_mutex_lock(&mutex);
            while (turn % kThreads != index) {
                ASSERT_EQ(pthread_cond_wait(&cond, &mutex), 0);
            }
            ++turn;
            pthread_cond_broadcast(&cond);
            pthread_mutex_unlock(&mutex);
        }
    });
    EXPECT_EQ(turn, kThreads * 20);
    in_threads(1, [&](int) {
        timespec soon{};
        clock_gettime(CLOCK_REALTIME, &soon);
        pthread_mutex_lock(&mutex);
        EXPECT_EQ(pthread_cond_timedwait(&cond, &mutex, &soon), ETIMEDOUT);
        pthread_mutex_unlock(&mutex);
    });
}

TEST(GlibcSynchronisation, BarriersSemaphoresAndRwlocks)
{
    pthread_barrier_t barrier;
    sem_t semaphore;
    pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
    ASSERT_EQ(pthread_barrier_init(&barrier, nullptr, kThreads), 0);
    ASSERT_EQ(sem_init(&semaphore, 0, 0), 0);
    std::atomic<int> arrived{0};
    std::atomic<int> serial{0};
    int written = 0;
    in_threads(kThreads, [&](int index) {
        for (int round = 1; round <= 10; ++round) {
            ++arrived;
            serial += pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD ? 1 : 0;
            EXPECT_GE(arrived, round * kThreads);
            if (index % 2 == 0) {
                EXPECT_EQ(sem_wait(&semaphore), 0);
            } else {
                EXPECT_EQ(sem_post(&semaphore), 0);
            }
            EXPECT_EQ(pthread_rwlock_wrlock(&lock), 0);
            const int seen = written;
            thr_yield();
            written = seen + 1;
            EXPECT_EQ(pthread_rwlock_unlock(&lock), 0);
            EXPECT_EQ(pthread_rwlock_rdlock(&lock), 0);
            thr_yield();
            EXPECT_EQ(pthread_rwlock_unlock(&lock), 0);
        }
    });
    EXPECT_EQ(serial, 10);
    EXPECT_EQ(written, kThreads * 10);
    pthread_barrier_destroy(&barrier);
    sem_destroy(&semaphore);
}

std::atomic<int> initialised{0};

void initialise()
{
    for (int i = 0; i < 5; ++i) {
        thr_yield();  // others come and wait
    }
    ++initialised;
}

int make_static()
{
    initialise();
    return 1;
}

// The initialiser's thread is ready, while others hold every LWP in their wait for it.
TEST(GlibcOnce, RunsOnceThoughItsInitialiserYields)
{
    pthread_once_t control = PTHREAD_ONCE_INIT;
    std::once_flag flag;
    initialised = 0;
    in_threads(kThreads, [&](int) {
        EXPECT_EQ(pthread_once(&control, initialise), 0);
        EXPECT_GE(initialised, 1);
        std::call_once(flag, initialise);
        EXPECT_GE(initialised, 2);
        static const int value = make_static();
        EXPECT_EQ(value, 1);
        EXPECT_EQ(initialised, 3);
    });
}

pthread_key_t key;
std::atomic<int> key_ends{0};
std::atomic<int> local_ends{0};

struct Counted {
    ~Counted()
    {
        thr_yield();
        local_ends += value == 0 ? 0 : 1;
    }
    int value = 0;
};
thread_local Counted counted;

TEST(GlibcKeys, AndThreadLocalsEndWithTheirThread)
{
    ASSERT_EQ(pthread_key_create(&key,
                                 [](void* value) {
                                     thr_yield();
                                     key_ends += *static_cast<int*>(value) == 4 ? 1 : 0;
                                 }),
              0);
    in_threads(20, [](int) {
        static int four = 4;
        counted.value = 1;
        EXPECT_EQ(pthread_setspecific(key, &four), 0);
        thr_yield();
        EXPECT_EQ(pthread_getspecific(key), &four);
    });
    EXPECT_EQ(key_ends, 20);
    EXPECT_EQ(local_ends, 20);
    EXPECT_EQ(pthread_key_delete(key), 0);
}

TEST(StandardThreads, WorkAmongUnboundOnes)
{
    std::mutex mutex;
    std::condition_variable changed;
    int count = 0;
    const auto add = [&] {
        const std::lock_guard<std::mutex> guard{mutex};
        ++count;
        changed.notify_all();
    };
    in_threads(kThreads, [&](int) {
        std::thread made{add};
        auto later = std::async(std::launch::async, [] { return 5; });
        std::promise<int> promise;
        auto future = promise.get_future();
        promise.set_value(6);
        std::unique_lock<std::mutex> guard{mutex};
        changed.wait(guard, [&] { return count > 0; });
        guard.unlock();
        made.join();
        EXPECT_EQ(later.get() + future.get(), 11);
        EXPECT_NE(std::this_thread::get_id(), std::thread::id{});
    });
    EXPECT_EQ(count, kThreads);
}

}  // namespace
