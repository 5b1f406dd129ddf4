// A mutex that nobody else wants; a mutex, a semaphore and a readers/writer lock that everybody
// wants.
#include <algorithm>

#include "bench/bench.h"

namespace bench {
namespace {

void mutex_alone(benchmark::State& state)
{
    const Sleeper sleeper;
    Mutex mutex;
    std::uint64_t value = 0;
    for (auto _ : state) {
        mutex.lock();
        benchmark::DoNotOptimize(++value);
        mutex.unlock();
    }
    if (value != static_cast<std::uint64_t>(state.iterations())) {
        state.SkipWithError("the count is wrong");
    }
}
BENCHMARK(mutex_alone)->Name("mutex1")->UseRealTime()->MeasureProcessCPUTime();

std::uint64_t ticks()
{
    return __builtin_ia32_rdtsc();
}

// What the contest is about: enter() tells whether the caller is alone inside.
struct ByMutex {
    Mutex mutex;

    bool enter(std::uint64_t)
    {
        mutex.lock();
        return true;
    }
    void leave() { mutex.unlock(); }
};

struct BySema {
    Sema sema;

    BySema() { sema.post(); }
    bool enter(std::uint64_t)
    {
        sema.wait();
        return true;
    }
    void leave() { sema.post(); }
};

#if defined(BENCH_HAS_RWLOCK)
struct ByRwLock {
    RwLock lock;

    bool enter(std::uint64_t turn)
    {
        constexpr std::uint64_t kTurnsPerWrite = 8;
        const bool writes = turn % kTurnsPerWrite == 0;
        writes ? lock.lock() : lock.lock_shared();
        return writes;
    }
    void leave() { lock.unlock(); }
};
#endif

template <class Way>
struct Contest {
    Way way;
    alignas(64) volatile std::uint64_t shared = 0;
    // All start together, and stop by their own clocks: no thread that is kept waiting could keep
    // the others from stopping.
    alignas(64) std::uint64_t end = 0;
    bool yields = false;  // with the mutex held, at every eighth turn
};

template <class Way>
struct alignas(64) Contestant {
    volatile std::uint64_t own = 0;
    std::uint64_t acquired = 0;
    std::uint64_t alone = 0;  // of those
    std::uint64_t longest = 0;
    Contest<Way>* contest = nullptr;
    Sema go;
    ThreadId id{};
};

constexpr int kWork = 20;
constexpr std::uint64_t kTurnsPerYield = 8;

void increment(volatile std::uint64_t& value)
{
    for (int i = 0; i < kWork; ++i) {
        value = value + 1;
    }
}

template <class Way>
void* contend(void* argument)
{
    auto& self = *static_cast<Contestant<Way>*>(argument);
    Contest<Way>& contest = *self.contest;
    self.go.wait();
    std::uint64_t now = ticks();
    while (now < contest.end) {
        const bool alone = contest.way.enter(self.acquired);
        const std::uint64_t then = now;
        now = ticks();
        self.longest = std::max(self.longest, now - then);
        if (alone) {
            increment(contest.shared);
            ++self.alone;
        } else {
            benchmark::DoNotOptimize(contest.shared);
        }
        if (contest.yields && self.acquired % kTurnsPerYield == 0) {
            yield();
        }
        contest.way.leave();
        ++self.acquired;
        increment(self.own);
        now = ticks();
    }
    return nullptr;
}

double ticks_per_ns()
{
    const std::int64_t start = now_ns();
    const std::uint64_t first = ticks();
    while (now_ns() - start < 10'000'000) {}
    const std::uint64_t last = ticks();
    return per(static_cast<std::int64_t>(last - first), static_cast<std::size_t>(now_ns() - start));
}

// Time: per acquisition by any thread.
template <class Way>
void compete(benchmark::State& state, bool yields)
{
    const std::size_t count = count_of(state);
    const double rate = ticks_per_ns();
    for (auto _ : state) {
        Contest<Way> contest;
        contest.yields = yields;
        const auto threads = std::make_unique<Contestant<Way>[]>(count);
        for (std::size_t i = 0; i < count; ++i) {
            threads[i].contest = &contest;
            create(threads[i].id, contend<Way>, &threads[i]);
        }
        const std::int64_t cpu = cpu_ns();
        const std::int64_t start = now_ns();
        contest.end =
            ticks() + static_cast<std::uint64_t>(static_cast<double>(measured_ns()) * rate);
        for (std::size_t i = 0; i < count; ++i) {
            threads[i].go.post();
        }
        std::uint64_t total = 0;
        std::uint64_t alone = 0;
        std::uint64_t least = UINT64_MAX;
        std::uint64_t most = 0;
        std::uint64_t longest = 0;
        for (std::size_t i = 0; i < count; ++i) {
            join(threads[i].id);
            total += threads[i].acquired;
            alone += threads[i].alone;
            least = std::min(least, threads[i].acquired);
            most = std::max(most, threads[i].acquired);
            longest = std::max(longest, threads[i].longest);
        }
        const std::int64_t end = now_ns();
        if (contest.shared != alone * kWork || total == 0) {
            state.SkipWithError("two threads were in the critical section");
            return;
        }
        const double mean = static_cast<double>(total) / static_cast<double>(count);
        state.SetIterationTime(seconds(end - start) / static_cast<double>(total));
        state.counters["cpu_ns"] = per(cpu_ns() - cpu, total);
        state.counters["longest_ms"] = static_cast<double>(longest) / rate * 1e-6;
        state.counters["least_of_mean"] = static_cast<double>(least) / mean;
        state.counters["most_of_mean"] = static_cast<double>(most) / mean;
    }
}

void mutex_contended(benchmark::State& state)
{
    compete<ByMutex>(state, false);
}
BENCHMARK(mutex_contended)->Name("mutexc")->Arg(2)->Arg(64)->UseManualTime()->Iterations(1);

void mutex_held_over_yields(benchmark::State& state)
{
    compete<ByMutex>(state, true);
}
BENCHMARK(mutex_held_over_yields)->Name("mutexy")->Arg(8)->UseManualTime()->Iterations(1);

void sema_contended(benchmark::State& state)
{
    compete<BySema>(state, false);
}
BENCHMARK(sema_contended)->Name("semac")->Arg(64)->UseManualTime()->Iterations(1);

#if defined(BENCH_HAS_RWLOCK)
void rwlock_contended(benchmark::State& state)
{
    compete<ByRwLock>(state, false);
}
BENCHMARK(rwlock_contended)->Name("rwc")->Arg(64)->UseManualTime()->Iterations(1);
#endif

}  // namespace
}  // namespace bench
