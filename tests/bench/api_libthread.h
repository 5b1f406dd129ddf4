// The threads that the benchmarks measure: libthread's.
#pragma once

#include <synch.h>
#include <thread.h>

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>

#include "bench/descriptor_stream.h"
#include "bench/must.h"

namespace bench {

// LIBTHREAD_CONCURRENCY tells the library how many LWPs; there is nothing to start.
class Runtime {};

using ThreadId = thread_t;

inline std::size_t stack_size()
{
    return std::max(kStackSize, thr_min_stack());
}

// False: the system has no room for one more.
inline bool try_create(ThreadId& id, void* (*body)(void*), void* argument)
{
    return thr_create(nullptr, stack_size(), body, argument, 0, &id) == 0;
}

// On a kernel thread of its own.
inline bool try_create_bound(ThreadId& id, void* (*body)(void*), void* argument)
{
    return thr_create(nullptr, stack_size(), body, argument, THR_BOUND, &id) == 0;
}

inline void join(ThreadId& id)
{
    must(thr_join(id, nullptr, nullptr), "thr_join");
}
inline void yield()
{
    thr_yield();
}
inline void sleep_us(unsigned us)
{
    must(usleep(us) == 0 ? 0 : errno, "usleep");
}
using Stream = DescriptorStream;

class Mutex {
  public:
    void lock() { must(mutex_lock(&mutex_), "mutex_lock"); }
    void unlock() { must(mutex_unlock(&mutex_), "mutex_unlock"); }

  private:
    friend class Cond;
    mutex_t mutex_ = DEFAULTMUTEX;
};

class Cond {
  public:
    void wait(Mutex& mutex) { must(cond_wait(&cond_, &mutex.mutex_), "cond_wait"); }
    void signal() { must(cond_signal(&cond_), "cond_signal"); }

  private:
    cond_t cond_ = DEFAULTCV;
};

class RwLock {
  public:
    void lock() { must(rw_wrlock(&lock_), "rw_wrlock"); }
    void lock_shared() { must(rw_rdlock(&lock_), "rw_rdlock"); }
    void unlock() { must(rw_unlock(&lock_), "rw_unlock"); }

  private:
    rwlock_t lock_ = DEFAULTRWLOCK;
};

class Sema {
  public:
    void post() { must(sema_post(&sema_), "sema_post"); }
    void wait() { must(sema_wait(&sema_), "sema_wait"); }

    // Sleeps for that time, unless somebody posts.
    void wait_for(std::int64_t ns)
    {
        timestruc_t time{ns / 1'000'000'000, ns % 1'000'000'000};
        const int error = sema_reltimedwait(&sema_, &time);
        must(error == ETIME ? 0 : error, "sema_reltimedwait");
    }

  private:
    sema_t sema_ = DEFAULTSEMA;
};

}  // namespace bench
