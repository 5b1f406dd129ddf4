// The threads that the benchmarks measure: State Threads', a peer with one kernel thread.
#pragma once

#include <st.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>

#include "bench/must.h"

namespace bench {

using ThreadId = st_thread_t;

class Runtime {
  public:
    Runtime()
    {
        st_set_eventsys(ST_EVENTSYS_ALT);  // epoll
        must(st_init() == 0 ? 0 : errno, "st_init");
    }
};

inline bool try_create(ThreadId& id, void* (*body)(void*), void* argument)
{
    id = st_thread_create(body, argument, 1, kStackSize);
    return id != nullptr;
}
inline void join(ThreadId& id)
{
    must(st_thread_join(id, nullptr) == 0 ? 0 : errno, "st_thread_join");
}

// The packaged version has no call of its own for it.
inline void yield()
{
    st_usleep(0);
}
inline void sleep_us(unsigned us)
{
    st_usleep(us);
}

class Mutex {
  public:
    Mutex() : mutex_{st_mutex_new()} {}
    ~Mutex() { st_mutex_destroy(mutex_); }
    Mutex(const Mutex&) = delete;
    Mutex& operator=(const Mutex&) = delete;

    void lock() { must(st_mutex_lock(mutex_) == 0 ? 0 : errno, "st_mutex_lock"); }
    void unlock() { must(st_mutex_unlock(mutex_) == 0 ? 0 : errno, "st_mutex_unlock"); }

  private:
    st_mutex_t mutex_;
};

class Cond {
  public:
    Cond() : cond_{st_cond_new()} {}
    ~Cond() { st_cond_destroy(cond_); }
    Cond(const Cond&) = delete;
    Cond& operator=(const Cond&) = delete;

    void wait(Mutex& mutex)
    {
        mutex.unlock();  // nobody runs before the wait
        wait();
        mutex.lock();
    }
    void wait() { must(st_cond_wait(cond_) == 0 ? 0 : errno, "st_cond_wait"); }
    void wait_for(std::int64_t ns) { st_cond_timedwait(cond_, static_cast<st_utime_t>(ns / 1000)); }
    void signal() { st_cond_signal(cond_); }

  private:
    st_cond_t cond_;
};

class Sema {
  public:
    void post()
    {
        ++count_;
        posted_.signal();
    }
    void wait()
    {
        while (count_ == 0) {
            posted_.wait();
        }
        --count_;
    }
    void wait_for(std::int64_t ns)
    {
        if (count_ == 0) {
            posted_.wait_for(ns);
        }
        count_ -= count_ > 0 ? 1 : 0;
    }

  private:
    Cond posted_;
    int count_ = 0;
};

class Stream {
  public:
    explicit Stream(int descriptor) : socket_{st_netfd_open_socket(descriptor)} {}
    ~Stream() { st_netfd_close(socket_); }
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;

    bool read(void* to, std::size_t size)
    {
        const ssize_t got = st_read(socket_, to, size, ST_UTIME_NO_TIMEOUT);
        must(got >= 0 ? 0 : errno, "st_read");
        return static_cast<std::size_t>(got) == size;
    }
    void write(const void* from, std::size_t size)
    {
        const ssize_t put = st_write(socket_, from, size, ST_UTIME_NO_TIMEOUT);
        must(put >= 0 ? 0 : errno, "st_write");
    }

  private:
    st_netfd_t socket_;
};

}  // namespace bench
