// The threads that the benchmarks measure: glibc's, the peer.
#pragma once

#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <ctime>

#include "bench/descriptor_stream.h"
#include "bench/must.h"

namespace bench {

class Runtime {};

using ThreadId = pthread_t;

// Made once and used for every thread, as a program that creates many would do it.
inline const pthread_attr_t* attributes()
{
    static const pthread_attr_t made = [] {
        pthread_attr_t value;
        must(pthread_attr_init(&value), "pthread_attr_init");
        must(pthread_attr_setstacksize(&value, kStackSize), "pthread_attr_setstacksize");
        return value;
    }();
    return &made;
}

// False: the system has no room for one more.
inline bool try_create(ThreadId& id, void* (*body)(void*), void* argument)
{
    return pthread_create(&id, attributes(), body, argument) == 0;
}

// On a kernel thread of its own: every one is.
inline bool try_create_bound(ThreadId& id, void* (*body)(void*), void* argument)
{
    return try_create(id, body, argument);
}

inline void join(ThreadId& id)
{
    must(pthread_join(id, nullptr), "pthread_join");
}
inline void yield()
{
    must(sched_yield(), "sched_yield");
}
inline void sleep_us(unsigned us)
{
    must(usleep(us) == 0 ? 0 : errno, "usleep");
}
using Stream = DescriptorStream;

class Mutex {
  public:
    void lock() { must(pthread_mutex_lock(&mutex_), "pthread_mutex_lock"); }
    void unlock() { must(pthread_mutex_unlock(&mutex_), "pthread_mutex_unlock"); }

  private:
    friend class Cond;
    pthread_mutex_t mutex_ = PTHREAD_MUTEX_INITIALIZER;
};

class Cond {
  public:
    void wait(Mutex& mutex) { must(pthread_cond_wait(&cond_, &mutex.mutex_), "pthread_cond_wait"); }
    void signal() { must(pthread_cond_signal(&cond_), "pthread_cond_signal"); }

  private:
    pthread_cond_t cond_ = PTHREAD_COND_INITIALIZER;
};

class RwLock {
  public:
    void lock() { must(pthread_rwlock_wrlock(&lock_), "pthread_rwlock_wrlock"); }
    void lock_shared() { must(pthread_rwlock_rdlock(&lock_), "pthread_rwlock_rdlock"); }
    void unlock() { must(pthread_rwlock_unlock(&lock_), "pthread_rwlock_unlock"); }

  private:
    pthread_rwlock_t lock_ = PTHREAD_RWLOCK_INITIALIZER;
};

class Sema {
  public:
    Sema() { must(sem_init(&sema_, 0, 0), "sem_init"); }
    Sema(const Sema&) = delete;
    Sema& operator=(const Sema&) = delete;

    void post() { must(sem_post(&sema_), "sem_post"); }
    void wait() { must(sem_wait(&sema_), "sem_wait"); }

    // Sleeps for that time, unless somebody posts.
    void wait_for(std::int64_t ns)
    {
        std::timespec until{};
        clock_gettime(CLOCK_MONOTONIC, &until);
        ns += until.tv_nsec;
        until.tv_sec += ns / 1'000'000'000;
        until.tv_nsec = ns % 1'000'000'000;
        const int result = sem_clockwait(&sema_, CLOCK_MONOTONIC, &until);
        must(result != 0 && errno != ETIMEDOUT ? errno : 0, "sem_clockwait");
    }

  private:
    sem_t sema_;
};

}  // namespace bench
