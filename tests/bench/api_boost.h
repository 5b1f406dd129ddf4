// The threads that the benchmarks measure: Boost.Fiber's, a peer. One LWP runs the round-robin
// scheduler, more share one queue of work and look at it all the time.
#pragma once

#include <fcntl.h>

#include <boost/fiber/all.hpp>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <mutex>
#include <thread>
#include <vector>

#include "bench/must.h"

namespace bench {

using ThreadId = boost::fibers::fiber;

class Runtime {
  public:
    Runtime()
    {
        const char* text = std::getenv("BENCH_LWPS");
        const long lwps = text != nullptr ? std::strtol(text, nullptr, 10) : 1;
        if (lwps < 2) {
            return;
        }
        boost::fibers::use_scheduling_algorithm<boost::fibers::algo::shared_work>();
        for (long i = 1; i < lwps; ++i) {
            workers_.emplace_back([this] {
                boost::fibers::use_scheduling_algorithm<boost::fibers::algo::shared_work>();
                std::unique_lock<boost::fibers::mutex> guard{mutex_};
                ended_.wait(guard, [this] { return end_; });
            });
        }
    }
    ~Runtime()
    {
        {
            const std::lock_guard<boost::fibers::mutex> guard{mutex_};
            end_ = true;
        }
        ended_.notify_all();
        for (std::thread& worker : workers_) {
            worker.join();
        }
    }
    Runtime(const Runtime&) = delete;
    Runtime& operator=(const Runtime&) = delete;

  private:
    std::vector<std::thread> workers_;
    boost::fibers::mutex mutex_;
    boost::fibers::condition_variable ended_;
    bool end_ = false;
};

// Stacks are kept and used again, per creating kernel thread.
inline bool try_create(ThreadId& id, void* (*body)(void*), void* argument)
{
    static boost::fibers::pooled_fixedsize_stack stacks{kStackSize};
    id = boost::fibers::fiber(boost::fibers::launch::post, std::allocator_arg, stacks,
                              [body, argument] { body(argument); });
    return true;
}

inline void join(ThreadId& id)
{
    id.join();
}
inline void yield()
{
    boost::this_fiber::yield();
}
inline void sleep_us(unsigned us)
{
    boost::this_fiber::sleep_for(std::chrono::microseconds{us});
}

class Mutex {
  public:
    void lock() { mutex_.lock(); }
    void unlock() { mutex_.unlock(); }

  private:
    friend class Cond;
    boost::fibers::mutex mutex_;
};

class Cond {
  public:
    void wait(Mutex& mutex)
    {
        std::unique_lock<boost::fibers::mutex> guard{mutex.mutex_, std::adopt_lock};
        cond_.wait(guard);
        guard.release();
    }
    void signal() { cond_.notify_one(); }

  private:
    boost::fibers::condition_variable cond_;
};

class Sema {
  public:
    void post()
    {
        const std::lock_guard<boost::fibers::mutex> guard{mutex_};
        ++count_;
        posted_.notify_one();
    }
    void wait()
    {
        std::unique_lock<boost::fibers::mutex> guard{mutex_};
        posted_.wait(guard, [this] { return count_ > 0; });
        --count_;
    }
    void wait_for(std::int64_t ns)
    {
        std::unique_lock<boost::fibers::mutex> guard{mutex_};
        if (posted_.wait_for(guard, std::chrono::nanoseconds{ns}, [this] { return count_ > 0; })) {
            --count_;
        }
    }

  private:
    boost::fibers::mutex mutex_;
    boost::fibers::condition_variable posted_;
    int count_ = 0;
};

}  // namespace bench
