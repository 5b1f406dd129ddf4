// For every benchmark. The same sources are compiled for libthread and for each peer written in C
// or C++, so that all run the very same workload under the same measurement. Such a peer's header
// has
//   Runtime                    made first in main(); starts what the peer needs to have BENCH_LWPS
//   LWPs ThreadId, try_create(), join(), yield(), sleep_us() try_create_bound()         with
//   BENCH_HAS_BOUND: on a kernel thread of its own Mutex, Cond, Sema, and with BENCH_HAS_RWLOCK
//   RwLock          as far as the workloads use them Stream                     read and write on a
//   socket as the peer's users do it
#pragma once

#include <benchmark/benchmark.h>
#include <sched.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <memory>
#include <string>

#include BENCH_API

namespace bench {

inline std::int64_t read_ns(clockid_t clock)
{
    std::timespec now{};
    clock_gettime(clock, &now);
    return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

inline std::int64_t now_ns()
{
    return read_ns(CLOCK_MONOTONIC);
}

// Of all threads of the process. Where other processes compete it says more than the time passed.
inline std::int64_t cpu_ns()
{
    return read_ns(CLOCK_PROCESS_CPUTIME_ID);
}

// Of this program: the peak that getrusage() tells includes that of the process that started it.
inline std::int64_t peak_resident_bytes()
{
    std::ifstream status{"/proc/self/status"};
    const std::string wanted = "VmHWM:";
    std::string word;
    std::int64_t kib = 0;
    while (status >> word) {
        if (word == wanted) {
            status >> kib;
            break;
        }
    }
    return kib * 1024;
}

inline double seconds(std::int64_t ns)
{
    return static_cast<double>(ns) * 1e-9;
}

// How long a workload runs that is bounded by time: BENCH_MS milliseconds, or a quarter of a
// second.
inline std::int64_t measured_ns()
{
    const char* text = std::getenv("BENCH_MS");
    const long ms = text != nullptr ? std::strtol(text, nullptr, 10) : 250;
    return std::int64_t{ms > 0 ? ms : 250} * 1'000'000;
}

inline double per(std::int64_t amount, std::size_t count)
{
    return static_cast<double>(amount) / static_cast<double>(count);
}

inline std::size_t count_of(const benchmark::State& state)
{
    return static_cast<std::size_t>(state.range(0));
}

inline void create(ThreadId& id, void* (*body)(void*), void* argument)
{
    must(try_create(id, body, argument) ? 0 : EAGAIN, "creating a thread");
}

// A thread that sleeps while the object lives: with it, no library may take the process for
// single-threaded and leave out its atomic instructions.
class Sleeper {
  public:
    Sleeper() { create(id_, sleep, this); }
    ~Sleeper()
    {
        wake_.post();
        join(id_);
    }
    Sleeper(const Sleeper&) = delete;
    Sleeper& operator=(const Sleeper&) = delete;

  private:
    static void* sleep(void* self)
    {
        static_cast<Sleeper*>(self)->wake_.wait();
        return nullptr;
    }

    Sema wake_;
    ThreadId id_{};
};

}  // namespace bench
