// Threads that sleep, and threads that talk over sockets, as legacy servers have them.
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <cerrno>

#include "bench/bench.h"

namespace bench {
namespace {

struct Clock {
    std::atomic<bool> stop{false};
    std::int64_t end = 0;
};

// Called by one of the threads, now and then.
void look(Clock& clock)
{
    if (now_ns() >= clock.end) {
        clock.stop.store(true, std::memory_order_relaxed);
    }
}

struct alignas(64) Napper {
    Clock* clock = nullptr;
    bool keeps_time = false;
    std::uint64_t naps = 0;
    ThreadId id{};
};

void* nap(void* argument)
{
    constexpr unsigned kNapUs = 1000;
    Napper& self = *static_cast<Napper*>(argument);
    while (!self.clock->stop.load(std::memory_order_relaxed)) {
        sleep_us(kNapUs);
        ++self.naps;
        if (self.keeps_time) {
            look(*self.clock);
        }
    }
    return nullptr;
}

// Time: per nap of any thread; wakeups_per_s is its inverse.
void sleepers(benchmark::State& state)
{
    const std::size_t count = count_of(state);
    for (auto _ : state) {
        Clock clock;
        const auto nappers = std::make_unique<Napper[]>(count);
        const std::int64_t cpu = cpu_ns();
        const std::int64_t start = now_ns();
        clock.end = start + measured_ns();
        for (std::size_t i = 0; i < count; ++i) {
            nappers[i].clock = &clock;
            nappers[i].keeps_time = i == 0;
            create(nappers[i].id, nap, &nappers[i]);
        }
        std::uint64_t total = 0;
        for (std::size_t i = 0; i < count; ++i) {
            join(nappers[i].id);
            total += nappers[i].naps;
        }
        const double passed = seconds(now_ns() - start);
        state.SetIterationTime(passed / static_cast<double>(total));
        state.counters["wakeups_per_s"] = static_cast<double>(total) / passed;
        state.counters["cpu_ns"] = per(cpu_ns() - cpu, total);
    }
}
BENCHMARK(sleepers)->Name("sleep")->Arg(1000)->UseManualTime()->Iterations(1);

#if !defined(BENCH_NO_STREAMS)

struct alignas(64) Pair {
    Clock* clock = nullptr;
    bool keeps_time = false;
    int ends[2] = {-1, -1};
    std::uint64_t answers = 0;
    ThreadId client{};
    ThreadId server{};
};

struct Message {
    std::uint64_t number;
};

void* serve(void* argument)
{
    Stream stream{static_cast<Pair*>(argument)->ends[1]};
    Message message{};
    while (stream.read(&message, sizeof(message))) {
        stream.write(&message, sizeof(message));
    }
    return nullptr;
}

void* ask(void* argument)
{
    constexpr std::uint64_t kRoundsPerLook = 16;
    Pair& pair = *static_cast<Pair*>(argument);
    Stream stream{pair.ends[0]};
    while (!pair.clock->stop.load(std::memory_order_relaxed)) {
        const Message question{pair.answers};
        Message answer{};
        stream.write(&question, sizeof(question));
        must(stream.read(&answer, sizeof(answer)) && answer.number == question.number ? 0 : EIO,
             "the echo");
        ++pair.answers;
        if (pair.keeps_time && pair.answers % kRoundsPerLook == 0) {
            look(*pair.clock);
        }
    }
    return nullptr;
}

void allow_descriptors(std::size_t count)
{
    rlimit limit{};
    must(getrlimit(RLIMIT_NOFILE, &limit) == 0 ? 0 : errno, "getrlimit");
    if (limit.rlim_cur < count) {
        limit.rlim_cur = std::min<rlim_t>(count, limit.rlim_max);
        must(setrlimit(RLIMIT_NOFILE, &limit) == 0 ? 0 : errno, "setrlimit");
    }
}

// Pairs of threads, a client and a server each, on a socket pair each. Time: per round trip.
void echo(benchmark::State& state)
{
    const std::size_t count = count_of(state);
    allow_descriptors(2 * count + 64);
    for (auto _ : state) {
        Clock clock;
        const auto pairs = std::make_unique<Pair[]>(count);
        for (std::size_t i = 0; i < count; ++i) {
            pairs[i].clock = &clock;
            pairs[i].keeps_time = i == 0;
            must(socketpair(AF_UNIX, SOCK_STREAM, 0, pairs[i].ends) == 0 ? 0 : errno, "socketpair");
        }
        const std::int64_t cpu = cpu_ns();
        const std::int64_t start = now_ns();
        clock.end = start + measured_ns();
        for (std::size_t i = 0; i < count; ++i) {
            create(pairs[i].server, serve, &pairs[i]);
            create(pairs[i].client, ask, &pairs[i]);
        }
        std::uint64_t total = 0;
        for (std::size_t i = 0; i < count; ++i) {
            join(pairs[i].client);
            join(pairs[i].server);
            total += pairs[i].answers;
        }
        const double passed = seconds(now_ns() - start);
        state.SetIterationTime(passed / static_cast<double>(total));
        state.counters["trips_per_s"] = static_cast<double>(total) / passed;
        state.counters["cpu_ns"] = per(cpu_ns() - cpu, total);
    }
}
BENCHMARK(echo)->Name("echo")->Arg(20)->Arg(500)->UseManualTime()->Iterations(1);

#endif

}  // namespace
}  // namespace bench
