// The threads that the benchmarks measure: GNU Pth's, a peer with one kernel thread.
#pragma once

#include <pth.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>

#include "bench/must.h"

namespace bench {

using ThreadId = pth_t;

inline void must_be_true(int result, const char* call)
{
    must(result != 0 ? 0 : errno, call);
}

inline pth_attr_t attributes()
{
    static pth_attr_t made = [] {
        pth_attr_t value = pth_attr_new();
        must_be_true(pth_attr_set(value, PTH_ATTR_STACK_SIZE, static_cast<unsigned>(kStackSize)),
                     "pth_attr_set");
        return value;
    }();
    return made;
}

class Runtime {
  public:
    Runtime() { must_be_true(pth_init(), "pth_init"); }
};

inline bool try_create(ThreadId& id, void* (*body)(void*), void* argument)
{
    id = pth_spawn(attributes(), body, argument);
    return id != nullptr;
}
inline void join(ThreadId& id)
{
    must_be_true(pth_join(id, nullptr), "pth_join");
}
inline void yield()
{
    pth_yield(nullptr);
}
inline void sleep_us(unsigned us)
{
    pth_usleep(us);
}

class Mutex {
  public:
    Mutex() { must_be_true(pth_mutex_init(&mutex_), "pth_mutex_init"); }
    Mutex(const Mutex&) = delete;
    Mutex& operator=(const Mutex&) = delete;

    void lock() { must_be_true(pth_mutex_acquire(&mutex_, FALSE, nullptr), "pth_mutex_acquire"); }
    void unlock() { must_be_true(pth_mutex_release(&mutex_), "pth_mutex_release"); }

  private:
    friend class Cond;
    pth_mutex_t mutex_;
};

class Cond {
  public:
    Cond() { must_be_true(pth_cond_init(&cond_), "pth_cond_init"); }
    Cond(const Cond&) = delete;
    Cond& operator=(const Cond&) = delete;

    void wait(Mutex& mutex)
    {
        must_be_true(pth_cond_await(&cond_, &mutex.mutex_, nullptr), "pth_cond_await");
    }
    void wait_for(Mutex& mutex, std::int64_t ns)
    {
        pth_event_t timeout =
            pth_event(PTH_EVENT_TIME, pth_timeout(ns / 1'000'000'000, ns % 1'000'000'000 / 1000));
        pth_cond_await(&cond_, &mutex.mutex_, timeout);
        pth_event_free(timeout, PTH_FREE_THIS);
    }
    void signal() { must_be_true(pth_cond_notify(&cond_, FALSE), "pth_cond_notify"); }

  private:
    pth_cond_t cond_;
};

class Sema {
  public:
    void post()
    {
        mutex_.lock();
        ++count_;
        posted_.signal();
        mutex_.unlock();
    }
    void wait()
    {
        mutex_.lock();
        while (count_ == 0) {
            posted_.wait(mutex_);
        }
        --count_;
        mutex_.unlock();
    }
    void wait_for(std::int64_t ns)
    {
        mutex_.lock();
        if (count_ == 0) {
            posted_.wait_for(mutex_, ns);
        }
        count_ -= count_ > 0 ? 1 : 0;
        mutex_.unlock();
    }

  private:
    Mutex mutex_;
    Cond posted_;
    int count_ = 0;
};

class Stream {
  public:
    explicit Stream(int descriptor) : descriptor_{descriptor} {}
    ~Stream() { close(descriptor_); }
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;

    bool read(void* to, std::size_t size)
    {
        const ssize_t got = pth_read(descriptor_, to, size);
        must(got >= 0 ? 0 : errno, "pth_read");
        return static_cast<std::size_t>(got) == size;
    }
    void write(const void* from, std::size_t size)
    {
        const ssize_t put = pth_write(descriptor_, from, size);
        must(put >= 0 ? 0 : errno, "pth_write");
    }

  private:
    int descriptor_;
};

}  // namespace bench
